import type { BlockTableMemory } from '@evenkeel/model/block-list/block-table.ts';
import type { PlannedListener, PlannedService } from '@evenkeel/model/plan/objects.ts';
import type { SharedEntry } from '@evenkeel/model/plan/plan.ts';
import type { TargetState } from '@evenkeel/model/plan/stickiness.ts';
import type { RefusedListener } from '@evenkeel/model/plan/stream.ts';
import type { BalanceTable } from '../balance/table.ts';
import type { Remains } from '../reactor/uring/remains.ts';
import type { PaceMemory } from '../rebalance/pace.ts';
import type { RetryBudgetMemory } from '../retry/budget.ts';
import type { PackedRules } from '../rules/packed-rules.ts';
import type { WorkerStanding } from '../standing/worker-standing.ts';
import type { StickTableMemory } from '../stickiness/stick-table.ts';
import type { CertificateFailure } from '../tls/listener-tls.ts';
import type { PackedCertificate } from '../tls/packed-certificate.ts';
import type { QueueMemory } from '../upstream/queue-memory.ts';

/** What the engine tells a worker; shared memory in it is shared, everything else is copied. */
export type ToWorker =
  | ({ readonly type: 'apply'; readonly sequence: number } & WorkerChange)
  /** Accept from these shares of the sockets; see shares.ts. */
  | { readonly type: 'accept'; readonly mine: readonly number[] }
  /** Stop listening, let requests end, then answer `stopped`. */
  | { readonly type: 'stop'; readonly drainMilliseconds: number }
  /** Others accept now: let clients that come back go to them, and answer `stopped` when none is left. */
  | { readonly type: 'retire'; readonly drainMilliseconds: number };

export type FromWorker =
  | ({ readonly type: 'ready'; readonly reason: string } & ReadyReactor)
  | { readonly type: 'applied'; readonly sequence: number; readonly refused: readonly RefusedListener[] }
  /** Handshakes for a name end with an alert, as nothing can be made of its certificate. */
  | ({ readonly type: 'certificate-failed' } & CertificateFailure)
  | { readonly type: 'stopped' };

/** `remains`: what is to be cleared away should the thread be ended. */
type ReadyReactor =
  | { readonly reactor: 'uring'; readonly remains: Remains }
  | { readonly reactor: 'portable'; readonly remains: null };

export interface WorkerChange {
  /** In place before services and listeners that refer to them, gone after. */
  readonly shared: readonly WorkerSharedChange[];
  readonly services: readonly WorkerServiceChange[];
  readonly listeners: readonly WorkerListenerChange[];
  /** Block lists whose memory is another one than before. */
  readonly blockLists: readonly WorkerBlockList[];
}

export interface WorkerBlockList {
  readonly tenantId: string;
  readonly memory: BlockTableMemory;
}

export interface WorkerSharedChange {
  readonly key: string;
  /** null removes it. */
  readonly entry: WorkerSharedEntry | null;
  /** Ids of rules that were in the group before and are not now. */
  readonly left: readonly string[];
}

/** A shared entry, with what is large and the same for all workers in memory that they share. */
export type WorkerSharedEntry =
  | Exclude<SharedEntry, { readonly kind: 'certificate' | 'rule-group' }>
  | WorkerCertificateEntry
  | WorkerRuleGroupEntry;

export interface WorkerRuleGroupEntry {
  readonly key: string;
  readonly kind: 'rule-group';
  readonly value: PackedRules;
  /** Of each rule, its place in the counters. */
  readonly slots: Int32Array;
}

export interface WorkerCertificateEntry {
  readonly key: string;
  readonly kind: 'certificate';
  readonly value: PackedCertificate;
}

export interface WorkerServiceChange {
  readonly id: string;
  /** null removes it. */
  readonly service: WorkerService | null;
  /** Ids of targets that were there before and are not now. */
  readonly left: readonly string[];
}

export interface WorkerService {
  readonly planned: PlannedService;
  /** In the order that the table's indexes mean. */
  readonly targets: readonly WorkerTarget[];
  readonly table: BalanceTable;
  /** For stickiness that remembers clients; else null. */
  readonly clients: StickTableMemory | null;
  readonly standing: WorkerStanding;
  readonly retries: RetryBudgetMemory;
  /** Who waits for its targets in which worker. */
  readonly queue: QueueMemory;
  /** How many of its connections are moved. */
  readonly pace: PaceMemory;
}

export interface WorkerTarget {
  readonly id: string;
  readonly address: string;
  readonly port: number;
  readonly state: TargetState;
  /** Healthy, or not checked. */
  readonly isUp: boolean;
  /** Its place in the counter rows and in the table's `load`. */
  readonly slot: number;
}

/** Descriptors of listening sockets, by place (see `placeKey`). */
export type WorkerSockets = Readonly<Record<string, readonly number[]>>;

export interface WorkerListenerChange {
  readonly id: string;
  /** null removes it. */
  readonly planned: PlannedListener | null;
  /** Its place in the counter rows. */
  readonly slot: number;
  /** What workers share of the bandwidth of its load balancer; null: it has no limit. */
  readonly bandwidth: Int32Array | null;
  /** That of its load balancer, where that has limits; else of no use. */
  readonly loadBalancerSlot: number;
  /** What to accept from; null: the worker is to open sockets itself. */
  readonly sockets: WorkerSockets | null;
}
