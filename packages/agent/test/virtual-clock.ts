import type { Clock, Timer } from '../src/clock/clock.ts';

const EPOCH = 1_700_000_000_000;

interface Pending {
  readonly at: number;
  readonly order: number;
  readonly callback: () => void;
}

/** A clock that stands still until it is told to move; timers go off in order of time, then of creation. */
export class VirtualClock implements Clock {
  #now = 0;
  #order = 0;
  readonly #timers = new Set<Pending>();

  now(): number {
    return this.#now;
  }

  wallTime(): number {
    return EPOCH + this.#now;
  }

  setTimer(delay: number, callback: () => void): Timer {
    const pending = { at: this.#now + Math.max(0, delay), order: this.#order++, callback };
    this.#timers.add(pending);
    return { cancel: () => this.#timers.delete(pending) };
  }

  get timers(): number {
    return this.#timers.size;
  }

  /** Moves time on by `milliseconds`, running every timer that becomes due, those set on the way included. */
  advance(milliseconds: number): void {
    const end = this.#now + milliseconds;
    for (let next = this.#earliest(); next !== null && next.at <= end; next = this.#earliest()) {
      this.#now = Math.max(this.#now, next.at);
      this.#timers.delete(next);
      next.callback();
    }
    this.#now = end;
  }

  /** Time passes in which nothing runs, as when the thread is stopped; what has become due goes off with the next move. */
  stall(milliseconds: number): void {
    this.#now += milliseconds;
  }

  /** As `advance`, but lets promises settle after each timer. */
  async advanceAsync(milliseconds: number): Promise<void> {
    const end = this.#now + milliseconds;
    await settle();
    for (let next = this.#earliest(); next !== null && next.at <= end; next = this.#earliest()) {
      this.#now = Math.max(this.#now, next.at);
      this.#timers.delete(next);
      next.callback();
      await settle();
    }
    this.#now = end;
  }

  #earliest(): Pending | null {
    let first: Pending | null = null;
    for (const timer of this.#timers) {
      if (first === null || timer.at < first.at || (timer.at === first.at && timer.order < first.order)) first = timer;
    }
    return first;
  }
}

/** Lets everything that waits on settled promises run. */
export function settle(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

/** A reproducible stand-in for `Math.random` (mulberry32). */
export function seededRandom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
}
