/** Descriptors of a process that are neither connections nor listening sockets: files, the control stream, probes. */
const OTHERS = 256;

/**
 * The connections of all workers of a node: each writes its own count and reads those of the others, as the descriptors
 * of a process are for all of them.
 */
export class NodeSockets {
  /** Connections that there may be in all; infinite when nothing is known of a limit. */
  readonly capacity: number;
  readonly workers: number;
  readonly #counts: Int32Array;
  readonly #listening: Int32Array;
  readonly #own: number;

  /**
   * `descriptors`: limit of the process; 0: not known. `counts`: shared memory with a word for each worker; `listening`:
   * with one for the listening sockets of the process.
   */
  constructor(counts: Int32Array, own: number, descriptors: number, listening: Int32Array = new Int32Array(1)) {
    this.#counts = counts;
    this.#listening = listening;
    this.#own = own;
    this.workers = counts.length;
    this.capacity = descriptors === 0 ? Number.POSITIVE_INFINITY : Math.max(64, descriptors - OTHERS);
  }

  /** Writes down how many this worker has, and returns the share of the capacity that all sockets have together. */
  used(own: number): number {
    const counts = this.#counts;
    Atomics.store(counts, this.#own, own);
    let all = Atomics.load(this.#listening, 0);
    for (let worker = 0; worker < counts.length; worker++) all += Atomics.load(counts, worker);
    return all / this.capacity;
  }
}
