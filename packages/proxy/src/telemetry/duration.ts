import { ListenerCell } from './cells.ts';
import type { HistogramCounts } from './counters.ts';

/** Bounds that double: 0.5 ms, 1 ms, 2 ms … 65.536 s. A last bucket, without a bound, takes what is longer. */
const BOUNDS = 18;

/** Upper bounds of all buckets but the last, in seconds, inclusive. */
export const DURATION_BOUNDS: readonly number[] = Array.from({ length: BOUNDS }, (_, bucket) => 2 ** bucket / 2_000);

/** Bucket of a duration in milliseconds, >= 0: a logarithm, by counting zeros, instead of a search. */
export function durationBucket(milliseconds: number): number {
  const halves = milliseconds * 2;
  if (halves <= 1) return 0;
  if (halves > 2 ** (BOUNDS - 1)) return BOUNDS;
  // 2^(bucket − 1) < halves <= 2^bucket
  return 32 - Math.clz32(Math.ceil(halves) - 1);
}

/** Counts one duration, in milliseconds, in a listener's row. */
export function countDuration(row: Float64Array, milliseconds: number): void {
  row[ListenerCell.durationSum]! += milliseconds;
  row[ListenerCell.duration + durationBucket(milliseconds)]!++;
}

/** The histogram of a row or of a sum of rows; the sum is in seconds. */
export function durationCounts(row: Float64Array): HistogramCounts {
  const first = ListenerCell.duration;
  return {
    bounds: DURATION_BOUNDS,
    counts: Array.from(row.subarray(first, first + BOUNDS + 1)),
    sum: row[ListenerCell.durationSum]! / 1_000,
  };
}
