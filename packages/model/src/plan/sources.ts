/** Who may connect to a listener, as plans carry it. */

export const SOURCE_PROTOCOLS = ['all', 'tcp', 'udp'] as const;
export type SourceProtocol = (typeof SOURCE_PROTOCOLS)[number];

export interface PlannedSecurityGroup {
  readonly id: string;
  /** In no order. */
  readonly rules: readonly PlannedSourceRule[];
}

export interface PlannedSourceRule {
  /** The smallest decides; of several with the same, one that denies. */
  readonly priority: number;
  readonly allows: boolean;
  readonly protocol: SourceProtocol;
  /** Ports of the load balancer, both inclusive. */
  readonly firstPort: number;
  readonly lastPort: number;
  /** A CIDR block, or an address. */
  readonly source: string;
}

/** Why a source is refused, as logs and metrics name it. */
export const REFUSALS = ['security-group', 'allowed-sources', 'block-list', 'deny-list'] as const;
export type RefusalName = (typeof REFUSALS)[number];
