/**
 * How long targets take to answer, by slot, in memory that all workers share: an average that follows every peak at once
 * and forgets it slowly ("peak EWMA", as Finagle and Linkerd have it).
 *
 * Two workers that observe at the same moment may lose one of the two observations, which a later one makes good.
 */
export interface Latencies {
  /** Milliseconds as of `at`; 0: nothing is known yet. */
  readonly cost: Float64Array;
  /** Wall time of the last observation in milliseconds: the only clock that workers have in common. */
  readonly at: Float64Array;
}

/** In this time what was observed loses all but 1/e of its weight, in milliseconds. */
export const DECAY = 10_000;

/** No target counts as faster than this: between fast ones it is what they have under way that decides. */
const FASTEST = 0.1;

/** What a target counts as of which nothing is known, once something is under way there: it is tried, but not flooded. */
const UNKNOWN = 1_000;

/** What a request counts as that failed without an answer: a target that fails at once must not look fast. */
export const FAILED = 5_000;

export function newLatencies(slots: number): Latencies {
  const bytes = slots * Float64Array.BYTES_PER_ELEMENT;
  return {
    cost: new Float64Array(new SharedArrayBuffer(bytes)),
    at: new Float64Array(new SharedArrayBuffer(bytes)),
  };
}

/** An answer has taken so many milliseconds. */
export function observeLatency({ cost, at }: Latencies, slot: number, milliseconds: number, now: number): void {
  const before = cost[slot]!;
  const its = Math.max(milliseconds, FASTEST);
  // A clock that was set back makes nothing older, nor younger.
  const weight = before === 0 ? 0 : Math.exp(-Math.max(0, now - at[slot]!) / DECAY);
  cost[slot] = its > before ? its : before * weight + its * (1 - weight);
  at[slot] = now;
}

/**
 * What one more request costs a target with so much under way: its latency times all that would share it. What was
 * observed fades when nothing new is: a target that was slow once is tried again, and regains its share.
 */
export function costOf({ cost, at }: Latencies, slot: number, load: number, now: number): number {
  const known = cost[slot]!;
  if (known === 0) return load === 0 ? FASTEST : UNKNOWN * (load + 1);
  const faded = known * Math.exp(-Math.max(0, now - at[slot]!) / DECAY);
  return Math.max(faded, FASTEST) * (load + 1);
}

/** The slot has another owner from now on. */
export function forgetLatency({ cost, at }: Latencies, slot: number): void {
  cost[slot] = 0;
  at[slot] = 0;
}
