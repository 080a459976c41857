/** Words of the memory in which the workers of a node share what a load balancer may send. */
export const BandwidthWord = {
  /** Bytes that may go out. */
  bytes: 0,
  /** The millisecond up to which they have been filled. */
  filledAt: 1,
  /** Index + worker: connections that are in line there. */
  waiting: 2,
} as const;

/** For `workers` workers; memory of zeros is a bucket that has never been used, and full. */
export function newBandwidthMemory(workers: number): Int32Array {
  return new Int32Array(new SharedArrayBuffer((BandwidthWord.waiting + workers) * Int32Array.BYTES_PER_ELEMENT));
}
