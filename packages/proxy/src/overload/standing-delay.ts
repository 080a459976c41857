/** Measurements in a row that make a delay a standing one. */
const STANDING = 5;

/**
 * How long what arrives has to wait at least, whatever burst or pause there is: the least of the last few measurements.
 * A queue that is there and empties again is what queues are for; one that never gets shorter is only waiting time
 * (Nichols and Jacobson, Controlling Queue Delay, 2012).
 */
export class StandingDelay {
  readonly #last = new Float64Array(STANDING);
  #next = 0;

  /** Adds a measurement, in milliseconds, and returns the standing delay. */
  measured(delay: number): number {
    this.#last[this.#next] = delay;
    this.#next = (this.#next + 1) % STANDING;
    return Math.min(...this.#last);
  }
}
