/**
 * What the workers know of each other's share in one service's queue, in memory that they share. A worker writes its own
 * places alone, but for `total`.
 */
export interface QueueMemory {
  /** A single number: all that wait. Written with Atomics. */
  readonly total: Int32Array;
  /** By worker: how many of them are its own. */
  readonly waiting: Int32Array;
  /** By worker: since when the first of them has waited, in wall time; 0: nobody waits there. */
  readonly since: Float64Array;
  /** By worker: when it has last looked after its own, in wall time. */
  readonly lookedAt: Float64Array;
}

export function newQueueMemory(workers: number): QueueMemory {
  return {
    total: new Int32Array(new SharedArrayBuffer(4)),
    waiting: new Int32Array(new SharedArrayBuffer(4 * workers)),
    since: new Float64Array(new SharedArrayBuffer(8 * workers)),
    lookedAt: new Float64Array(new SharedArrayBuffer(8 * workers)),
  };
}

/** A worker has died, and with it all that waited there. */
export function forgetQueued({ total, waiting, since }: QueueMemory, worker: number): void {
  Atomics.sub(total, 0, waiting[worker]!);
  waiting[worker] = 0;
  since[worker] = 0;
}
