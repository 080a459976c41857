import type { Clock, Timer } from '../clock/clock.ts';

/** Milliseconds between two requests for a whole plan. */
const PACE = 1000;

/** Asks for the whole plan, at once or when the last request is long enough ago. */
export class PacedResync {
  readonly #clock: Clock;
  readonly #ask: () => void;
  #next = 0;
  #timer: Timer | null = null;

  constructor(clock: Clock, ask: () => void) {
    this.#clock = clock;
    this.#ask = ask;
  }

  request(): void {
    const wait = Math.max(0, this.#next - this.#clock.now());
    this.#next = this.#clock.now() + wait + PACE;
    if (wait === 0) this.#ask();
    else this.#timer = this.#clock.setTimer(wait, this.#ask);
  }

  stop(): void {
    this.#timer?.cancel();
  }
}
