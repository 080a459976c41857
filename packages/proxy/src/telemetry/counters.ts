import type { Resource } from '../overload/pressure.ts';

/** What the workers counted, added up. Counts only grow; `active` and `idle` are of the moment. */
export interface EngineCounters {
  readonly listeners: readonly ListenerCounters[];
  readonly targets: readonly TargetCounters[];
  readonly rules: readonly RuleCounters[];
  readonly workers: readonly WorkerCounters[];
  /** Access-log lines that were dropped because the ring was full. */
  readonly accessLogDropped: number;
}

export interface ListenerCounters {
  readonly listenerId: string;
  readonly connections: number;
  readonly activeConnections: number;
  readonly requests: number;
  readonly activeRequests: number;
  /** Responses sent to clients by class: index 1–5 for 1xx–5xx; index 0 is unused. */
  readonly responses: readonly number[];
  readonly bytesReceived: number;
  readonly bytesSent: number;
  /** UDP from and to clients, and what was lost in between. */
  readonly datagrams: { readonly received: number; readonly sent: number; readonly lost: number };
  /** Ended requests and connections by reason (`<who>-<phase>`, see end-reason.ts). */
  readonly reasons: Readonly<Record<string, number>>;
  /** Requests that somebody could understand in another way, by reason (see http1/desync.ts); one may have several. */
  readonly desync: Readonly<Record<string, number>>;
  /** Sources that may not connect, by what refuses them (see protection/refusal.ts). */
  readonly refused: Readonly<Record<string, number>>;
  /** What was refused or ended at a limit, by limit (see limits/limit.ts). */
  readonly limits: Readonly<Record<string, number>>;
  /** Durations of requests, from the first byte in to the last byte out. */
  readonly duration: HistogramCounts;
}

/** What a listener has carried. */
export type ListenerVolume = Pick<ListenerCounters, 'listenerId' | 'connections' | 'bytesReceived' | 'bytesSent'>;

export interface TargetCounters {
  readonly serviceId: string;
  readonly targetId: string;
  /** Where it is; '' and 0 where nobody has said so. */
  readonly address: string;
  readonly port: number;
  /** It has left the plan, and every worker knows that; what was under way to it goes on. */
  readonly draining: boolean;
  readonly connections: number;
  readonly activeConnections: number;
  readonly idleConnections: number;
  readonly requests: number;
  readonly activeRequests: number;
  readonly connectErrors: number;
  readonly responses: readonly number[];
  readonly bytesSent: number;
  readonly bytesReceived: number;
  /** Requests sent a second time because a kept connection had gone before any byte of the answer. */
  readonly replays: number;
  /** Requests that came here after another attempt of theirs had failed. */
  readonly retries: number;
  /** Requests that failed here, as outlier detection sees it. */
  readonly failures: number;
}

/** Of a rule that has matched at all, and that is counted apart. */
export interface RuleCounters {
  readonly ruleGroupId: string;
  readonly ruleId: string;
  /** Requests that it matched, whatever became of them. */
  readonly requests: number;
}

export interface WorkerCounters {
  readonly worker: number;
  readonly openConnections: number;
  readonly freeBuffers: number;
  /** What it is out of, so that it turns new work away; empty as a rule. */
  readonly overload: readonly Resource[];
  /** Milliseconds that what arrives waits at least. */
  readonly standingDelay: number;
  /** Share of new work that is turned away for want of time or memory. */
  readonly shedShare: number;
  /** Client connections that owe their first head. */
  readonly waitingHeads: number;
}

/** `counts[i]` observations were <= `bounds[i]` seconds and > the bound before; the last count has no bound. */
export interface HistogramCounts {
  readonly bounds: readonly number[];
  readonly counts: readonly number[];
  readonly sum: number;
}
