/** The share of a worker's time that compressing may take, on average … */
const SHARE = 0.25;
/** … and what may be saved up for a burst, in milliseconds. */
const MOST = 40;

/**
 * How much time a worker has for compressing. What it compresses, it does not forward: beyond the budget, answers go on
 * as they are, and those that are being compressed are stored instead, until there is time again.
 */
export class TimeBudget {
  #left = MOST;
  #filledAt: number;
  readonly #clock: () => number;

  /** `clock` in milliseconds, with fraction. */
  constructor(clock: () => number) {
    this.#clock = clock;
    this.#filledAt = clock();
  }

  /** Whether there is time now. */
  get has(): boolean {
    const now = this.#clock();
    this.#left = Math.min(MOST, this.#left + (now - this.#filledAt) * SHARE);
    this.#filledAt = now;
    return this.#left > 0;
  }

  /** Does something, and takes the time that it took. */
  spend<T>(work: () => T): T {
    const start = this.#clock();
    const result = work();
    this.#left -= this.#clock() - start;
    return result;
  }
}
