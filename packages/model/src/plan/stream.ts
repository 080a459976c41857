import type { BlockListMessage, BlockListPosition } from './block-list.ts';
import type { CertificateMessage, NodeCapacity, RenewMessage, TrustMessage, ZoneKeysMessage } from './membership.ts';
import type { Datapath } from './network.ts';
import type { PlanDelta, PlanEntry } from './plan.ts';
import type { AnswerMessage, QueryMessage } from './query.ts';
import type { PeersMessage, ReportedSharing } from './sharing.ts';

/** Headers of the answer to an agent that comes to a control plane that does not lead: where to go. */
export const LEADER_HEADER = 'evenkeel-leader';
/** SHA-256 of the certificate that is shown there; absent: it is one that the agent trusts, or there is no TLS. */
export const LEADER_FINGERPRINT_HEADER = 'evenkeel-leader-fingerprint';

/**
 * What a node agent and the control plane say to each other, as JSON text frames on one WebSocket that the agent opens
 * at `/agent/v1/stream` with its certificate, or the node token as bearer: see `membership.ts`.
 *
 * The agent says `hello` with the plan it has. The control plane answers with a delta when it can, else a snapshot, and
 * then a delta for each change. The agent answers each with `applied`. A hash that does not match, or a delta from a
 * version that the agent does not have, makes it say `resync`. Besides, the control plane may ask: see `query.ts`. To nodes
 * that share flows it names each other: see `sharing.ts`. Block lists come in parts of their own: see `block-list.ts`.
 */
export type ToAgent =
  | PlanMessage
  | QueryMessage
  | PeersMessage
  | BlockListMessage
  | CertificateMessage
  | TrustMessage
  | ZoneKeysMessage;

export type PlanMessage =
  | {
      readonly type: 'snapshot';
      readonly version: number;
      readonly hash: string;
      readonly entries: readonly PlanEntry[];
    }
  | ({ readonly type: 'delta' } & PlanDelta);

export type FromAgent =
  | {
      readonly type: 'hello';
      readonly node: string;
      readonly zone: string;
      /** Version of the software. */
      readonly software: string;
      readonly reactor: string;
      readonly workers: number;
      /** The plan on the agent's disk; version 0 and an empty hash when it has none. */
      readonly version: number;
      readonly hash: string;
      /** Of block lists; older agents do not say, and are sent none. */
      readonly blockLists?: BlockListPosition;
      /** STREAM_VERSION of the agent; absent: the first. */
      readonly protocol?: number;
      /** Release of the operating system's kernel. */
      readonly kernel?: string;
      readonly capacity?: NodeCapacity;
    }
  | RenewMessage
  /** The part of the block lists that was sent last is in force. */
  | { readonly type: 'blocked' }
  | { readonly type: 'resync' }
  | {
      readonly type: 'applied';
      readonly version: number;
      readonly refused: readonly RefusedListener[];
      /** What carries the listeners of network load balancers, all of them; absent: there are none. */
      readonly datapaths?: readonly ReportedDatapath[];
    }
  /** `complete`: these are all targets; otherwise only those that changed. */
  | { readonly type: 'health'; readonly complete: boolean; readonly targets: readonly ReportedHealth[] }
  | AnswerMessage
  /**
   * Now and then, and whenever `sharing` changes. `overload`: what workers of the node are out of; older agents do not say.
   * `sharing`: absent or null while there is nothing to share. `floods`: identifiers of listeners that are under one.
   */
  | {
      readonly type: 'heartbeat';
      readonly overload?: readonly string[];
      readonly floods?: readonly string[];
      readonly sharing?: ReportedSharing | null;
      /** That its workers have open, to clients and to targets. */
      readonly connections?: number;
      /** Flows that its kernel carries, as a sample says. */
      readonly kernelFlows?: number;
      /** Connections, datagrams and packets that its deny list has refused so far; older agents do not say. */
      readonly denied?: number;
      /** Listeners that its kernel carries and of which packets have been refused for want of a port; absent: none. */
      readonly portless?: readonly PortlessListener[];
    };

/** How many packets were refused so far because their flow found no port of the node towards its target. */
export interface PortlessListener {
  readonly listenerId: string;
  readonly packets: number;
}

/** A listener that the node cannot run; the list in `applied` is always complete. */
export interface RefusedListener {
  readonly listenerId: string;
  /** `address-in-use`, `address-not-available`, `permission-denied`, `failed`, or `certificate-unusable`: it runs, but for a name. */
  readonly code: string;
  readonly detail: string;
}

/** What carries a listener of a network load balancer on a node. */
export interface ReportedDatapath {
  readonly listenerId: string;
  readonly datapath: Datapath;
  /** Where in the kernel (`tcx`, `xdp`), or why not there. */
  readonly detail: string;
}

export const TARGET_HEALTH_STATES = ['detecting', 'healthy', 'unhealthy', 'unchecked'] as const;
/** `detecting`: not yet judged; `unchecked`: the service has no health check. */
export type TargetHealthState = (typeof TARGET_HEALTH_STATES)[number];

export interface ReportedHealth {
  readonly serviceId: string;
  readonly targetId: string;
  readonly state: TargetHealthState;
  /** Empty, or why the last probe failed: `CONNECT_FAILED` and the like, as the agent has them. */
  readonly reason: string;
  /** Unix milliseconds of the last change of state. */
  readonly since: number;
  /** null: it does not flap. Nodes of older versions say nothing of it. */
  readonly flapping?: Flapping | null;
  /** How it stands with the traffic of the node; absent: it takes what its weight gives it. */
  readonly traffic?: ReportedTraffic;
}

export const EJECTION_REASONS = ['connect-failures', 'errors', 'success-rate', 'latency'] as const;
/** What traffic has shown of a target that is ejected. */
export type EjectionReasonName = (typeof EJECTION_REASONS)[number];

export interface ReportedTraffic {
  /** Unix milliseconds; `times`: ejections in a row. */
  readonly ejected: {
    readonly reason: EjectionReasonName;
    readonly since: number;
    readonly until: number;
    readonly times: number;
  } | null;
  /** Percent of what its weight gives it. */
  readonly share: number;
  /** Too few targets of the service are healthy, so that all of them take traffic. */
  readonly failOpen: boolean;
}

/** That a target changes between healthy and unhealthy again and again. */
export interface Flapping {
  /** Changes within the last ten minutes; 64 stand for more. */
  readonly changes: number;
  /** What the last probes say about the reason, as one sentence. */
  readonly diagnosis: string;
}
