import type { Random } from '../clock/clock.ts';

/** Milliseconds before the first and between the latest attempts. */
export const FIRST = 50;
export const LONGEST = 5_000;

/** The waits between attempts to connect: doubling from 50 ms to 5 s, each shortened at random by up to half. */
export class Backoff {
  readonly #random: Random;
  #attempt = 0;

  constructor(random: Random) {
    this.#random = random;
  }

  /** Milliseconds to wait now. */
  next(): number {
    const whole = Math.min(LONGEST, FIRST * 2 ** Math.min(16, this.#attempt++));
    return whole * (1 - this.#random() / 2);
  }

  reset(): void {
    this.#attempt = 0;
  }
}
