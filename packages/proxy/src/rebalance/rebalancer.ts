import type { Reactor, Timer } from '../reactor/reactor.ts';
import type { Service } from '../upstream/service.ts';
import type { Target } from '../upstream/target.ts';
import { type PaceMemory, takeMove } from './pace.ts';

/** How often shares are looked at, in milliseconds. */
const LOOK = 1_000;

/** A target has more than its share when it has this many times as much, and one: below that it is chance. */
const TOLERANCE = 1.1;

/** A connection that goes on for long, and can be closed so that its client makes it anew. */
export interface Movable {
  /** Reactor time in milliseconds. */
  readonly movableSince: number;
  /** Closes it, once what is on its way has been sent. */
  move(): void;
}

interface Watched {
  readonly service: Service;
  readonly pace: PaceMemory;
}

/**
 * Brings long-lived connections of one worker to where their shares are: connections that were there before a target came
 * stay where they are for as long as they live, and the new target would wait for ever. What is too much is closed at the
 * pace that the service allows, the oldest first, and comes back through the algorithm. Off unless a service asks for it.
 */
export class Rebalancer {
  readonly #reactor: Reactor;
  readonly #watched = new Map<string, Watched>();
  #timer: Timer | null = null;

  constructor(reactor: Reactor) {
    this.#reactor = reactor;
  }

  /** The service as it is from now on; null: it is gone. */
  set(id: string, service: Service | null, pace: PaceMemory | null): void {
    if (service === null || pace === null || (service.planned.rebalance ?? null) === null) this.#watched.delete(id);
    else this.#watched.set(id, { service, pace });
    if (this.#watched.size > 0) this.#timer ??= this.#reactor.setTimer(LOOK, this.#look);
  }

  stop(): void {
    this.#watched.clear();
    this.#timer?.cancel();
    this.#timer = null;
  }

  readonly #look = (): void => {
    this.#timer = null;
    for (const { service, pace } of this.#watched.values()) this.#rebalance(service, pace);
    if (this.#watched.size > 0) this.#timer ??= this.#reactor.setTimer(LOOK, this.#look);
  };

  #rebalance({ planned, shares, targets }: Service, pace: PaceMemory): void {
    const { rebalance } = planned;
    if (rebalance === undefined || rebalance === null) return;
    const { now, wallTime } = this.#reactor;
    for (const { index, share } of shares()) {
      const target = targets[index]!;
      for (const movable of target.movables) {
        if (!hasTooMuch(target, share) || now - movable.movableSince < rebalance.minimumAge) break;
        if (!takeMove(pace, rebalance.rate, wallTime)) return;
        movable.move();
      }
    }
  }
}

function hasTooMuch({ load, slot }: Target, share: number): boolean {
  return Atomics.load(load, slot) > share * TOLERANCE + 1;
}
