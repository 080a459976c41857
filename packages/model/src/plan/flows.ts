import type { Datapath } from './network.ts';

/** States of a flow, as the packets of its client show it. */
export const FLOW_STATES = ['opening', 'established', 'closing'] as const;
export type FlowState = (typeof FLOW_STATES)[number];

export const TRANSPORTS = ['tcp', 'udp'] as const;

/** `recent`: those that sent something last; `top`: those that send the most. */
export const FLOW_ORDERS = ['recent', 'top'] as const;
export type FlowOrder = (typeof FLOW_ORDERS)[number];

/** Listeners of which one answer tells how their flows are known. */
export const FLOWS_LISTENERS_TOLD = 500;

/** Which flows that the kernel carries a node knows. */
export interface FlowsQuestion {
  /** Those of these listeners; null: of all. */
  readonly listenerIds: readonly string[] | null;
  /** Those to this target; null: to any. */
  readonly targetId: string | null;
  /** Those from this address; null: from any. */
  readonly client: string | null;
  readonly order: FlowOrder;
  /** At most `LISTED_FLOWS.maximum`. */
  readonly limit: number;
}

export interface SeenFlow {
  readonly listenerId: string;
  readonly serviceId: string;
  readonly targetId: string;
  readonly protocol: (typeof TRANSPORTS)[number];
  readonly client: string;
  readonly clientPort: number;
  readonly vip: string;
  readonly vipPort: number;
  /** null, as all that follows: not known. */
  readonly state: FlowState | null;
  readonly idleSeconds: number | null;
  /** By which address and port of the node the target sees it; null or absent: it sees the client. */
  readonly nodeAddress?: string | null;
  readonly nodePort?: number | null;
  /** In the table of flows whose slot has changed. */
  readonly isWritten: boolean;
  /** From the client, since it is in the sample. */
  readonly packets: number | null;
  readonly bytes: number | null;
  /** Of late, by packets that were drawn. */
  readonly packetsPerSecond: number | null;
  readonly bytesPerSecond: number | null;
}

/** How a node knows the flows of a listener of a network load balancer. */
export interface WatchedFlows {
  readonly listenerId: string;
  readonly datapath: Datapath;
  readonly activeFlows: number;
  /** The true number is within so many of that in 95 of 100 cases. */
  readonly activeFlowsError: number;
  /** One flow in so many is in the sample; 0: none. */
  readonly sampledOneIn: number;
}

export interface FlowsAnswer {
  readonly flows: readonly SeenFlow[];
  /** At most `FLOWS_LISTENERS_TOLD`. */
  readonly listeners: readonly WatchedFlows[];
}

/** What programs in the kernel have counted of a listener or a target, beside what stands among its other counts. */
export interface CountedInKernel {
  /** From clients, that met a target. */
  readonly packets: number;
  /** From targets to clients, where they come through the node. */
  readonly answers: number;
  /** By reason (see kernel-drops.ts). */
  readonly dropped: Readonly<Record<string, number>>;
  /** Active connections are an estimate: the true number is within so many of that in 95 of 100 cases. */
  readonly activeError: number;
}
