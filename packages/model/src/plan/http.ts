import type { PlannedHeaderEdit } from './rules.ts';

/** What an HTTP or HTTPS listener does beside forwarding, as plans carry it. */

export const DESYNC_MODES = ['monitor', 'defensive', 'strict'] as const;
export type DesyncMode = (typeof DESYNC_MODES)[number];

/**
 * Who is told the identifier of a request, in `X-Request-ID`: nobody; the client, in error answers of the load balancer's
 * own; the client and the target, always, and what an untrusted client says in its place is dropped.
 */
export const REQUEST_ID_MODES = ['off', 'errors', 'always'] as const;
export type RequestIdMode = (typeof REQUEST_ID_MODES)[number];

export interface PlannedHttp {
  readonly forwarding: PlannedForwarding;
  /**
   * What is done with requests that some server could understand in another way: `monitor` counts what is harmless and
   * refuses what is not; `defensive` also closes the connection after each; `strict` refuses all.
   */
  readonly desyncMode: DesyncMode;
  /** Strict-Transport-Security (RFC 6797) on https: seconds; 0: not sent. */
  readonly hstsMaxAge: number;
  readonly hstsIncludeSubDomains: boolean;
  /** Silence after which an upgraded connection is closed, in milliseconds. */
  readonly upgradeIdleTimeout: number;
  readonly compression: boolean;
  /** Absent from older plans: errors. */
  readonly requestId?: RequestIdMode;
  /** Targets' redirects to the host that was asked for go on without scheme and host. Absent: as they are. */
  readonly relativeRedirects?: boolean;
  /** Changes of all answers, with fixed values; those of rules come after them. Absent: none. */
  readonly responseHeaders?: readonly PlannedHeaderEdit[];
  /** The proxy's own error answers, by status. */
  readonly errorPages: readonly PlannedErrorPage[];
}

export interface PlannedErrorPage {
  readonly status: number;
  readonly contentType: string;
  readonly body: string;
  /** Where the client is sent by a 302 in place of the status; absent: nowhere. */
  readonly location?: string;
}

/** Which fields tell the target of the client. */
export interface PlannedForwarding {
  /** X-Forwarded-For: `append` to what a trusted proxy sent, `replace` it, `off`. */
  readonly clientAddress: 'append' | 'replace' | 'off';
  readonly protocol: boolean;
  readonly port: boolean;
  readonly host: boolean;
  readonly loadBalancerAddress: boolean;
  readonly clientPort: boolean;
  /** `Forwarded` (RFC 7239). */
  readonly standard: boolean;
}

/** What a listener does without anybody asking. */
export const PLAIN_HTTP: PlannedHttp = {
  forwarding: {
    clientAddress: 'append',
    protocol: false,
    port: false,
    host: false,
    loadBalancerAddress: false,
    clientPort: false,
    standard: false,
  },
  desyncMode: 'defensive',
  hstsMaxAge: 0,
  hstsIncludeSubDomains: false,
  upgradeIdleTimeout: 60_000,
  compression: false,
  errorPages: [],
};
