import type { Latencies } from './latency.ts';

/**
 * How one service spreads its clients, built in the owner's thread and read by every worker. The arrays are shared
 * memory, so that a table exists once per process however many workers there are; only `cursor`, `load`, `held` and
 * `latencies` are written after it has been built. A plain object: it goes to the workers by structured clone.
 *
 * A *target* is an index into the service's targets. A *candidate* is an index into `candidates`: the targets that may
 * take new traffic.
 *
 * Invariants: weights[c] > 0; entries of `sequence` and `lookup` are < candidates.length; when there is a candidate, at
 * least one of them is not empty.
 */
export interface BalanceTable {
  readonly kind: BalanceKind;
  /** By candidate: the target. Empty: nobody can be picked. */
  readonly candidates: Uint16Array;
  /** By candidate: its weight, 1–100. */
  readonly weights: Uint8Array;
  /** By candidate: its place in `load`. */
  readonly slots: Int32Array;
  /** One cycle of the weighted round robin, as candidates. Empty for those that go by a key. */
  readonly sequence: Uint16Array;
  /** What was owed (> 0) or had in advance (< 0) when the sequence began, in picks; of all targets, by slot. */
  readonly owed: ReadonlyMap<number, number>;
  /** Picks so far, as a 32-bit count; one cell for the life of the service, so that all workers follow one schedule. */
  readonly cursor: Int32Array;
  /** Value of the cursor at which `sequence` began. */
  readonly start: number;
  /** Maglev table, as candidates: for those that go by a key, and for services that know their clients by a key. Else empty. */
  readonly lookup: Uint16Array;
  /** By target, for services with stickiness: 1 when it takes clients who belong to it. Else empty. */
  readonly keeps: Uint8Array;
  /** Requests and tunnels under way in this process, by slot. */
  readonly load: Int32Array;
  /** What is held back from a target now, by slot, 0 to `HELD_WHOLE`; see held.ts. */
  readonly held: Int32Array;
  /** By target: its place in `load`, `held` and `latencies`. */
  readonly slotOf: Int32Array;
  /** Mean of `weights`; 1 without candidates. */
  readonly meanWeight: number;
  /** For bounded loads: the most that a target may have, in percent of its fair share. */
  readonly loadFactor: number;
  readonly latencies: Latencies;
  /** For services whose zone takes only part of the traffic itself: the targets elsewhere. */
  readonly elsewhere: BalanceTable | null;
  /** Parts of `WHOLE` (see zones.ts) that go to the targets of this table when there are others elsewhere. */
  readonly localShare: number;
}

/** `key`: by a hash of the client's address or of something in its request; `boundedKey`: with bounded loads. */
export const BalanceKind = {
  roundRobin: 0,
  leastConnections: 1,
  key: 2,
  boundedKey: 3,
  powerOfTwo: 4,
  peakEwma: 5,
} as const;
export type BalanceKind = (typeof BalanceKind)[keyof typeof BalanceKind];

/** Targets that one service can have; what lies beyond it is never picked. */
export const MAX_TARGETS = 65_535;
