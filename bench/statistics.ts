/** Statistics over the rounds of a benchmark. All functions refuse an empty list with a RangeError. */

/** The middle value; the mean of the two middle ones when their number is even. */
export function median(values: readonly number[]): number {
  return quantile(values, 0.5);
}

/**
 * The value below which the share `q` (0–1) of the values lies, interpolated linearly between neighbours (type 7 of
 * Hyndman and Fan 1996, the default of R and NumPy).
 */
export function quantile(values: readonly number[], q: number): number {
  if (!(q >= 0 && q <= 1)) throw new RangeError(`quantile ${q} is not within 0 and 1`);
  const sorted = ascending(values);
  const position = (sorted.length - 1) * q;
  const below = Math.floor(position);
  const above = Math.ceil(position);
  return sorted[below] + (sorted[above] - sorted[below]) * (position - below);
}

export interface Spread {
  readonly low: number;
  readonly middle: number;
  readonly high: number;
}

/** Smallest, middle and largest value. */
export function spread(values: readonly number[]): Spread {
  const sorted = ascending(values);
  return { low: sorted[0], middle: median(sorted), high: sorted[sorted.length - 1] };
}

/**
 * Ratios of values that were measured in the same round, so that a slow drift of the machine cancels out.
 * The lists must have the same length.
 */
export function pairedRatios(ours: readonly number[], theirs: readonly number[]): number[] {
  if (ours.length !== theirs.length) throw new RangeError(`${ours.length} rounds against ${theirs.length}`);
  return ours.map((value, round) => value / theirs[round]);
}

function ascending(values: readonly number[]): number[] {
  if (values.length === 0) throw new RangeError('no values');
  if (values.some(Number.isNaN)) throw new RangeError('a value is not a number');
  return [...values].sort((a, b) => a - b);
}
