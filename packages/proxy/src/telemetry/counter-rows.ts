/** Rows per block of shared memory. */
const ROWS_PER_BLOCK = 1024;

/** Rows that are counted in at the same time; more is a fault of configuration, not of load. */
const MAX_ROWS = 4_194_304;

/**
 * Counter rows in shared memory, of one kind (listeners or targets), on the owner's thread. Every worker has a row of its
 * own under the same number, so nobody ever waits to count. Rows come in blocks that are never moved or given back; a
 * row that is freed is cleared and used again.
 */
export class CounterRows {
  readonly #rowLength: number;
  /** By worker, by block. */
  readonly #blocks: Float64Array[][];
  readonly #free: number[] = [];
  #used = 0;

  constructor(rowLength: number, workers: number) {
    this.#rowLength = rowLength;
    this.#blocks = Array.from({ length: workers }, () => []);
  }

  /** The number of an empty row. Throws when there are `MAX_ROWS`. */
  allocate(): number {
    const freed = this.#free.pop();
    if (freed !== undefined) return freed;
    if (this.#used === MAX_ROWS) throw new Error(`more than ${MAX_ROWS} counter rows`);
    if (this.#used % ROWS_PER_BLOCK === 0) {
      const bytes = this.#rowLength * ROWS_PER_BLOCK * Float64Array.BYTES_PER_ELEMENT;
      for (const blocks of this.#blocks) blocks.push(new Float64Array(new SharedArrayBuffer(bytes)));
    }
    return this.#used++;
  }

  /** Nobody counts in the row any more. */
  release(row: number): void {
    for (let worker = 0; worker < this.#blocks.length; worker++) this.row(worker, row).fill(0);
    this.#free.push(row);
  }

  row(worker: number, row: number): Float64Array {
    return rowOf(this.#blocks[worker]!, row, this.#rowLength);
  }

  /** What the worker needs to find its rows. */
  blocks(worker: number): readonly Float64Array[] {
    return this.#blocks[worker]!;
  }

  /** Adds up the same row of all workers into `sum`, which has the row's length. */
  add(row: number, sum: Float64Array): void {
    for (const blocks of this.#blocks) {
      const values = rowOf(blocks, row, this.#rowLength);
      for (let cell = 0; cell < values.length; cell++) sum[cell]! += values[cell]!;
    }
  }
}

/** One worker's view of a row: `rowLength` doubles. */
export function rowOf(blocks: readonly Float64Array[], row: number, rowLength: number): Float64Array {
  const block = blocks[Math.floor(row / ROWS_PER_BLOCK)];
  if (block === undefined) throw new Error(`counter row ${row} has no block`);
  const offset = (row % ROWS_PER_BLOCK) * rowLength;
  return block.subarray(offset, offset + rowLength);
}
