import type { BlockTableMemory } from '@evenkeel/model/block-list/block-table.ts';
import type { PlannedListener, PlannedService } from '@evenkeel/model/plan/objects.ts';
import type { SharedEntry } from '@evenkeel/model/plan/plan.ts';
import type { ExplainQuestion } from '@evenkeel/model/plan/query.ts';
import type { TargetState } from '@evenkeel/model/plan/stickiness.ts';
import type { RefusedListener } from '@evenkeel/model/plan/stream.ts';
import type { EngineExplanation } from '../explain/explainer.ts';
import type { ReactorName } from '../reactor/reactor.ts';
import type { TargetStanding } from '../standing/standing.ts';
import type { EngineCounters, ListenerVolume, WorkerCounters } from '../telemetry/counters.ts';

/**
 * The userspace data plane as its owner (the node agent's main thread) sees it: a set of traffic workers that are told
 * what to run and asked what they counted. Traffic never waits for the owner's thread.
 */
export interface ProxyEngine {
  readonly reactor: ReactorName;
  /** Why that reactor runs, for the log: what was asked for and, when it was a fallback, what failed. */
  readonly reactorReason: string;
  readonly workers: number;
  /**
   * Applies a change and resolves when every worker runs it. Calls are carried out in order. Services are in place
   * before the listeners that use them; an object that is not named is not touched; a connection or request keeps the
   * tables that it began with. A listener that cannot be opened is refused whole, on every worker and address, and stays
   * refused until a later change names it; a listener that is already open keeps its sockets.
   * Resolves with every listener that is refused now.
   */
  apply(change: EngineChange): Promise<readonly RefusedListener[]>;
  /** Sums over all workers since the engine started. With thousands of targets, that takes tens of milliseconds. */
  counters(): EngineCounters;
  /** Of those, what listeners have carried alone: nothing is read of targets. */
  listenerVolumes(): readonly ListenerVolume[];
  /** Connections that were accepted for one listener, those that were turned away included. Costs next to nothing. */
  connectionsOf(listenerId: string): number;
  /** Connections and datagrams of all listeners that there are which the deny list of the installation has refused. */
  deniedSources(): number;
  /** Of those, what each worker says of itself, which costs nothing. */
  workerCounters(): readonly WorkerCounters[];
  /** How the targets of all services stand with the traffic of this node. */
  standings(): readonly TargetStanding[];
  /** Retries that were refused because the budget of their service was spent. */
  refusedRetries(): readonly RefusedRetries[];
  /**
   * Complete access-log lines (newline-ended JSON, UTF-8) of one worker, in shared memory; null when no worker has any.
   * They stay as they are until the next call, which gives their room back: to be called until it returns null.
   */
  readAccessLog(): Uint8Array | null;
  /**
   * Whether the lines that `readAccessLog` has returned last may tell of failures: a reason other than `none`, or a
   * status of 500 or more. If not, none of them does, and nobody has to look.
   */
  readonly mayHaveFailures: boolean;
  /** Listening sockets, and how many of them would outlive this process. */
  readonly sockets: { readonly open: number; readonly held: number };
  /**
   * Takes over the listening sockets that an earlier process has left, or that another one gives up. What the first
   * `apply` of a whole plan does not ask for is closed. Returns how many there were.
   */
  restoreSockets(): number;
  /**
   * Whether workers accept connections; at first, they do. While they do not, clients wait in the queues of the sockets
   * for whoever accepts next: this engine or another process that has the same sockets.
   */
  accept(accepting: boolean): void;
  /** Holds what this engine listens on, after another process has taken it and gone. */
  reclaimSockets(): void;
  /**
   * Another process accepts from the same sockets for good: ends what runs without closing anything before its time. A
   * client that asks again on its connection hears that it is the last answer there. Cuts what is left after
   * `drainMilliseconds`.
   */
  retire(drainMilliseconds: number): Promise<void>;
  /** What would become of a request, by what runs now; null: the listener does not run. Nothing is changed by it. */
  explain(question: ExplainQuestion): EngineExplanation | null;
  /** Stops listening, lets requests in flight finish for at most `drainMilliseconds`, then closes everything. */
  stop(drainMilliseconds: number): Promise<void>;
}

export interface RefusedRetries {
  readonly serviceId: string;
  readonly refused: number;
}

export interface EngineChange {
  /** By service id; null removes. */
  readonly services: ReadonlyMap<string, EngineService | null>;
  /** Rule groups, certificates and the like, by key of the plan entry; null removes. */
  readonly shared: ReadonlyMap<string, SharedEntry | null>;
  /** By listener id; null removes. */
  readonly listeners: ReadonlyMap<string, PlannedListener | null>;
  /** By tenant: block lists whose memory is another one than before; what is written there later needs no change. */
  readonly blockLists?: ReadonlyMap<string, BlockTableMemory>;
  /** What a later change brings may still ask for sockets that were restored: these are not closed yet. */
  readonly isPartial?: boolean;
}

/**
 * Whether a change says nothing of the plan. Block lists come into force before there is one: what is there from an
 * earlier process, and not in this change, is not unwanted for that.
 */
export function isOfBlockListsAlone({ services, shared, listeners, blockLists }: EngineChange): boolean {
  return blockLists !== undefined && services.size === 0 && shared.size === 0 && listeners.size === 0;
}

/** A service with the targets of its group resolved for it. */
export interface EngineService {
  readonly service: PlannedService;
  readonly targets: readonly EngineTarget[];
}

export interface EngineTarget {
  readonly id: string;
  /** IPv4 or IPv6 literal. */
  readonly address: string;
  /** Resolved: never 0. */
  readonly port: number;
  readonly weight: number;
  readonly state: TargetState;
  /** Healthy, or not checked. When no target of positive weight is eligible, all of positive weight are used. */
  readonly eligible: boolean;
  /** In the zone of this node; absent when the node or the target is in none. */
  readonly isLocal?: boolean;
}

export interface EngineOptions {
  /** Threads of traffic. */
  readonly workers: number;
  /** `auto`: uring where the kernel allows it, else portable. */
  readonly reactor: 'auto' | 'uring' | 'portable';
  /** Buffers of each worker, of 17 KiB each; as many as a reactor has by default when not said. */
  readonly buffers?: number;
}
