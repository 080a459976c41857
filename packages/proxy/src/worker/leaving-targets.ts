import type { Reactor, Timer } from '../reactor/reactor.ts';
import type { Target } from '../upstream/target.ts';
import type { WorkerService } from './messages.ts';

/**
 * Targets that have left their services while something ran to them: each has until its drain time is over. And those that
 * fail, where services want connections to them to end.
 */
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

  /** Ends what runs to targets that are up as yet and will not be; while others are, and where the service says so. */
  cutFailed({ planned, targets: next }: WorkerService, targets: readonly Target[]): void {
    if (planned.onTargetFailure !== 'reset' || !next.some(({ isUp }) => isUp)) return;
    targets.forEach((target, index) => {
      if (target.isUp && !next[index]!.isUp && target.busy) this.#cut(target);
    });
  }

  /** Nothing runs any more. */
  stop(): void {
    for (const timer of this.#timers) timer.cancel();
    this.#timers.clear();
  }
}
