/** What a listener does to the sample of its flows. */
export interface SampleLoad {
  readonly packetsPerSecond: number;
  readonly flowsPerSecond: number;
  /** Flows of it that are in the sample. */
  readonly held: number;
  /** How many there may be. */
  readonly budget: number;
}

/** Packets of flows that are sampled, in a second: some 110 ns each, so about half a per cent of a core. */
const LOOKUPS = 50_000;
/** Flows that come into the sample in a second; the kernel itself takes twice that on each CPU. */
const NEW_FLOWS = 1_000;
const COARSEST = 2 ** 20;
/** Seconds for which a listener has to be quieter before more of its flows are sampled, and until those have shown. */
export const SETTLED = 60;

/** The share of a listener's flows that is sampled: one in `oneIn`. */
export interface Share {
  readonly oneIn: number;
  /** One in so many has been in the sample for long enough to count by. */
  readonly countBy: number;
  /** When this minute began, in seconds, and the most that would have been wanted in it. */
  readonly since: number;
  readonly peak: number;
}

export function firstShare(oneIn: number, now: number): Share {
  return { oneIn, countBy: oneIn, since: now, peak: 1 };
}

/** The smallest power of 2 that keeps a listener within its bounds. */
export function wantedShare(load: SampleLoad, oneIn: number): number {
  const { packetsPerSecond, flowsPerSecond, held, budget } = load;
  const wanted = Math.max(1, packetsPerSecond / LOOKUPS, flowsPerSecond / NEW_FLOWS, (held * oneIn) / budget);
  return Math.min(COARSEST, 2 ** Math.ceil(Math.log2(wanted)));
}

/**
 * The share from now on. It becomes smaller at once, and larger when that would have done for a minute. Then for another
 * minute flows are counted by the smaller one, since those that are quiet come into the sample late.
 */
export function nextShare(share: Share, load: SampleLoad, now: number): Share {
  const { oneIn, since, peak } = share;
  const wanted = wantedShare(load, oneIn);
  if (wanted > oneIn) return firstShare(wanted, now);
  const highest = Math.max(peak, wanted);
  if (now - since < SETTLED) return { ...share, peak: highest };
  if (highest < oneIn) return { oneIn: highest, countBy: oneIn, since: now, peak: 1 };
  return firstShare(oneIn, now);
}
