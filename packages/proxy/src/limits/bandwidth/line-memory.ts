/**
 * Share of a worker's buffers that the lines of all load balancers may keep together. For every two of them, one more is
 * with targets that are not read any further; the overload of the worker begins at three quarters.
 */
const SHARE = 3 / 8;
/** Part of that which a line may keep in any case, however much others have. */
const LEAST = 1 / 64;

/**
 * Buffers of one worker that connections in line keep, so that a load balancer that may send little does not use up what
 * all others need too. A line is full when it has as much as is left: one alone takes half of what there is for lines, and
 * of n lines each a part of n + 1.
 *
 * Nothing is taken away from those in line: whoever is admitted while there is room may stand in line later.
 */
export class LineMemory {
  /** Buffers in all lines. */
  used = 0;
  readonly #capacity: number;

  /** `buffers`: those of the worker. */
  constructor(buffers: number) {
    this.#capacity = buffers * SHARE;
  }

  /** Whether a line that keeps `own` buffers has as many as it may; of twice as many: whether it has half of them. */
  isFull(own: number): boolean {
    return own >= Math.max(this.#capacity * LEAST, this.#capacity - this.used);
  }
}
