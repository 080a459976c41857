import type { Reactor, Timer } from '../reactor/reactor.ts';
import type { Target } from '../upstream/target.ts';
import type { Listener } from './listener.ts';

/** How long what runs on a removed listener goes on when it has no service that says so, in milliseconds. */
const DEFAULT_DRAIN = 300_000;

/** How long clients that are answered when they are cut have to read it, in milliseconds: a second cut resets them. */
const READING = 500;

/** Listeners that were removed, with connections that had not ended then; each is cut when its time is over. */
export class LeavingListeners {
  readonly #reactor: Reactor;
  readonly #cuts = new Map<Listener, Timer>();
  #cutAgainAt = 0;

  constructor(reactor: Reactor) {
    this.#reactor = reactor;
  }

  /** What runs on it has this many milliseconds. */
  add(listener: Listener, milliseconds = DEFAULT_DRAIN): void {
    if (listener.empty) return;
    const timer = this.#reactor.setTimer(milliseconds, () => {
      this.#cuts.delete(listener);
      listener.cut();
    });
    this.#cuts.set(listener, timer);
  }

  /** Whether none is left that has connections; others are forgotten by that. */
  get empty(): boolean {
    for (const [listener, timer] of this.#cuts) {
      if (!listener.empty) continue;
      timer.cancel();
      this.#cuts.delete(listener);
    }
    return this.#cuts.size === 0;
  }

  /** Cuts what there is; called again and again until nothing is left. */
  cut(): void {
    const { now } = this.#reactor;
    if (now < this.#cutAgainAt) return;
    this.#cutAgainAt = now + READING;
    for (const listener of this.#cuts.keys()) listener.cut();
  }

  cutFrom(target: Target): void {
    for (const listener of this.#cuts.keys()) listener.cutFrom(target);
  }
}
