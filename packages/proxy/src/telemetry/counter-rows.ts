/**
 * Rows of doubles in shared memory, one block per worker, so that each cell has one writer and counting needs no lock.
 * Blocks have their whole size from the start, as memory that was never written costs nothing; rows never move.
 */
export class CounterRows {
  readonly #width: number;
  readonly #blocks: readonly Float64Array[];

  /** `capacity` rows of `width` doubles for each worker. */
  constructor(workers: number, capacity: number, width: number) {
    this.#width = width;
    const bytes = capacity * width * Float64Array.BYTES_PER_ELEMENT;
    this.#blocks = Array.from({ length: workers }, () => new Float64Array(new SharedArrayBuffer(bytes)));
  }

  /** All rows of one worker, one behind the other by slot. */
  block(worker: number): Float64Array {
    return this.#blocks[worker]!;
  }

  /** The row that `worker` writes. */
  row(worker: number, slot: number): Float64Array {
    return this.#blocks[worker]!.subarray(slot * this.#width, (slot + 1) * this.#width);
  }

  /** The row summed over all workers. */
  sum(slot: number): Float64Array {
    const total = new Float64Array(this.#width);
    const first = slot * this.#width;
    for (const block of this.#blocks) for (let i = 0; i < this.#width; i++) total[i]! += block[first + i]!;
    return total;
  }

  /** One cell summed over all workers. */
  sumCell(slot: number, cell: number): number {
    let total = 0;
    for (const block of this.#blocks) total += block[slot * this.#width + cell]!;
    return total;
  }

  /** Makes the row ready for another owner. No worker may be writing to it. */
  clear(slot: number): void {
    for (const block of this.#blocks) block.fill(0, slot * this.#width, (slot + 1) * this.#width);
  }
}
