import type { Reactor, Timer } from '../reactor/reactor.ts';
import type { Target } from './target.ts';

/** How often a worker looks whether another one needs a connection's place, in milliseconds. */
const LOOK = 10;

/**
 * Gives places of kept connections to other workers that need them: a target's limit of connections holds for all workers
 * together, and connections that wait in one of them would keep the others from connecting. Who needs a place says so in
 * shared memory; whoever keeps connections to that target looks there now and then, and closes the one that has waited
 * longest.
 */
export class Relief {
  readonly #reactor: Reactor;
  /** By slot: 1, a worker needs a connection's place there. */
  readonly #wanted: Int32Array;
  readonly #watched = new Set<Target>();
  #timer: Timer | null = null;

  constructor(reactor: Reactor, wanted: Int32Array) {
    this.#reactor = reactor;
    this.#wanted = wanted;
  }

  /** A place is needed. */
  ask(slot: number): void {
    Atomics.store(this.#wanted, slot, 1);
  }

  /** The target has kept connections here. */
  watch(target: Target): void {
    this.#watched.add(target);
    this.#timer ??= this.#reactor.setTimer(LOOK, this.#look);
  }

  stop(): void {
    this.#watched.clear();
    this.#timer?.cancel();
    this.#timer = null;
  }

  readonly #look = (): void => {
    this.#timer = null;
    for (const target of [...this.#watched]) {
      if (Atomics.load(this.#wanted, target.slot) === 1) {
        Atomics.store(this.#wanted, target.slot, 0);
        target.closeOldest();
      }
      if (!target.keepsAny) this.#watched.delete(target);
    }
    if (this.#watched.size > 0) this.#timer ??= this.#reactor.setTimer(LOOK, this.#look);
  };
}
