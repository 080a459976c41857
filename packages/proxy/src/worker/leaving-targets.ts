import type { Reactor, Timer } from '../reactor/reactor.ts';
import type { Target } from '../upstream/target.ts';

/** Targets that have left their services while something ran to them: each has until its drain time is over. */
export class LeavingTargets {
  readonly #reactor: Reactor;
  readonly #cut: (target: Target) => void;
  readonly #timers = new Set<Timer>();

  /** `cut` ends what still runs to a target. */
  constructor(reactor: Reactor, cut: (target: Target) => void) {
    this.#reactor = reactor;
    this.#cut = cut;
  }

  /** `drainTimeout`: milliseconds. */
  add(target: Target, drainTimeout: number): void {
    target.retire();
    if (!target.busy) return;
    const timer = this.#reactor.setTimer(drainTimeout, () => {
      this.#timers.delete(timer);
      if (target.busy) this.#cut(target);
    });
    this.#timers.add(timer);
  }

  /** Nothing runs any more. */
  stop(): void {
    for (const timer of this.#timers) timer.cancel();
    this.#timers.clear();
  }
}
