import type { Reactor } from '../reactor/reactor.ts';

/** Work that comes to a point now and then where it can wait, and has a T in the end. */
export type Steps<T> = Generator<undefined, T, undefined>;

/** Milliseconds that a piece of work may keep a thread that carries traffic. A single step ends when it ends. */
export const SLICE = 2;

/** Does all of it now. */
export function finish<T>(steps: Steps<T>): T {
  for (;;) {
    const step = steps.next();
    if (step.done === true) return step.value;
  }
}

/** Does work in slices, one for each tick of the reactor's timers, so that requests in between are served. */
export class Slices {
  readonly #reactor: Pick<Reactor, 'setTimer'>;
  readonly #clock: () => number;

  /** `clock`: milliseconds that go on while a slice lasts. */
  constructor(reactor: Pick<Reactor, 'setTimer'>, clock: () => number) {
    this.#reactor = reactor;
    this.#clock = clock;
  }

  /** Begins at once; calls back within this call when the first slice is enough. */
  run<T>(steps: Steps<T>, done: (result: T) => void): void {
    const end = this.#clock() + SLICE;
    do {
      const step = steps.next();
      if (step.done === true) {
        done(step.value);
        return;
      }
    } while (this.#clock() < end);
    this.#reactor.setTimer(0, () => this.run(steps, done));
  }
}
