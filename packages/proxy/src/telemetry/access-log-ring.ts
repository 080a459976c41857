/** Usual size of a worker’s ring in bytes: some 9,000 lines, which is 90,000 a second when it is read every 100 ms. */
export const RING_SIZE = 6 * 1024 * 1024;

/** What a line may need at most, and what must be free for one to begin. */
export const MAX_LINE = 16 * 1024;

/**
 * From here on the writer begins a new lap whenever the reader has seen everything: lines that are read soon lie in the
 * same few pages, which stay in the cache.
 */
const SHORTEST_LAP = 64 * 1024;

/** Int32 cells of the header, on cache lines of their own. */
const HEAD = 0;
const TAIL = 16;
const LAP_END = 17;
const HEADER_CELLS = 32;
/** Float64 cells of the header, behind the Int32 ones. */
const DROPPED = HEADER_CELLS / 2;
const FAILURES = DROPPED + 1;
const HEADER_BYTES = HEADER_CELLS * 4 + 64;

/**
 * A ring of lines in shared memory: one thread writes, one reads, neither waits. When there is no room a line is dropped
 * whole and counted.
 *
 * Lines are never broken: one that begins before `size` may reach `MAX_LINE` beyond it, and the next one begins a new
 * lap at 0. Invariants: the writer owns everything from the tail to the head, the reader the rest; tail = head means
 * empty, so the tail never comes up to the head from behind; LAP_END is where the lap that the head is in ended, set
 * before the tail goes back to 0 and not again before the head has.
 */
export class AccessLogRing {
  /** What the other thread makes its own `AccessLogRing` of. */
  readonly shared: SharedArrayBuffer;
  /** Where lines are written. */
  readonly bytes: Uint8Array;
  readonly #size: number;
  readonly #cells: Int32Array;
  readonly #dropped: Float64Array;
  readonly #failures: Float64Array;
  /** Reader: failures that it has heard of. */
  #failuresSeen = 0;
  #mayHaveFailures = false;
  /** Reader: where what it was given last ends; -1 when it has nothing. */
  #readEnd = -1;

  constructor(shared: SharedArrayBuffer) {
    this.shared = shared;
    this.#size = shared.byteLength - HEADER_BYTES - MAX_LINE;
    if (this.#size < MAX_LINE) throw new RangeError(`a ring needs ${HEADER_BYTES + 2 * MAX_LINE} bytes or more`);
    this.#cells = new Int32Array(shared, 0, HEADER_CELLS);
    this.#dropped = new Float64Array(shared, DROPPED * 8, 1);
    this.#failures = new Float64Array(shared, FAILURES * 8, 1);
    this.bytes = new Uint8Array(shared, HEADER_BYTES);
  }

  static create(size = RING_SIZE): AccessLogRing {
    return new AccessLogRing(new SharedArrayBuffer(HEADER_BYTES + size + MAX_LINE));
  }

  /** Lines that found no room. */
  get dropped(): number {
    return this.#dropped[0]!;
  }

  /** Writer: where a line of up to MAX_LINE bytes may be written in `bytes`; -1, and it is counted, when there is no room. */
  begin(): number {
    const cells = this.#cells;
    const head = Atomics.load(cells, HEAD);
    let tail = cells[TAIL]!;
    if (tail >= this.#size || (tail === head && tail >= SHORTEST_LAP)) {
      // A head at 0 has seen nothing of this lap; a tail at 0 would tell it that there is nothing. A head beyond the
      // tail is still in the lap before.
      if (head === 0 || head > tail) return this.#drop();
      cells[LAP_END] = tail;
      tail = 0;
    } else if (tail >= head) return tail;
    return head - tail > MAX_LINE ? tail : this.#drop();
  }

  /** Writer: the line that was begun ends before `end`, and may be read. `failed`: it tells of a failure. */
  commit(end: number, failed = false): void {
    // Before the tail, so that whoever has read that line has heard of it.
    if (failed) this.#failures[0]!++;
    Atomics.store(this.#cells, TAIL, end);
  }

  /**
   * Reader: complete lines, where they lie; null when there are none now. They stay as they are until the next call,
   * which gives their room back.
   */
  read(): Uint8Array | null {
    const cells = this.#cells;
    this.#giveBack(this.#readEnd);
    const tail = Atomics.load(cells, TAIL);
    const failures = this.#failures[0]!;
    this.#mayHaveFailures = failures !== this.#failuresSeen;
    if (tail < cells[HEAD]! && cells[HEAD] === cells[LAP_END]) this.#giveBack(0);
    const head = cells[HEAD]!;
    if (tail === head) return null;
    // Lines up to the end of the lap; the next call has those of the next one, and what failed may be among them.
    this.#readEnd = tail > head ? tail : cells[LAP_END]!;
    if (tail > head) this.#failuresSeen = failures;
    return this.bytes.subarray(head, this.#readEnd);
  }

  /** Reader: whether the lines that `read` has returned last may tell of failures; else none of them does. */
  get mayHaveFailures(): boolean {
    return this.#mayHaveFailures;
  }

  #giveBack(end: number): void {
    if (end >= 0) Atomics.store(this.#cells, HEAD, end);
    this.#readEnd = -1;
  }

  #drop(): number {
    this.#dropped[0]!++;
    return -1;
  }
}
