import type { Timer } from './reactor.ts';
import { type TimerWheel, WheelEntry } from './timer-wheel.ts';

/** A one-shot timer on a wheel, as `Reactor.setTimer` gives it. */
export class WheelTimer extends WheelEntry implements Timer {
  readonly #wheel: TimerWheel;
  readonly #callback: () => void;

  constructor(wheel: TimerWheel, at: number, callback: () => void) {
    super();
    this.#wheel = wheel;
    this.#callback = callback;
    wheel.arm(this, at);
  }

  cancel(): void {
    this.#wheel.remove(this);
  }

  expire(): void {
    this.#callback();
  }
}
