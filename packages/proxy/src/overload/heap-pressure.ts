import type { Heap } from './heap.ts';
import { Pressure } from './pressure.ts';

/**
 * Shares of the heap. Well below all of it: what lies between objects is lost, and a thread that finds no room for one
 * ends at once.
 */
const SHARE = { enter: 0.75, leave: 0.65 };

/** Share of the heap from which on nothing new is taken: what has begun needs the rest. */
const FULL = 0.9;

/** Milliseconds from one collection to the next; and when the heap is full, and of more than the last one has left. */
const COLLECT_EVERY = 5_000;
const COLLECT_FULL_EVERY = 1_000;

/** Share of the heap that is worth a collection. */
const WORTHWHILE = 0.02;

/**
 * Whether a thread is out of memory for objects. What is in use may be garbage that nobody has collected yet, and where
 * little is allocated, as where most work is turned away, nobody ever would: so it is collected before it counts, and now
 * and then for as long as it does.
 *
 * What is turned away is a share that grows from none at the mark to all where the heap is full. What a thread has to know
 * for its plan does not go away when requests do, and one whose plan alone is above the mark has to serve all the same.
 */
export class HeapPressure {
  readonly #heap: Heap;
  readonly #pressure = new Pressure(SHARE.enter, SHARE.leave);
  #collectedAt = Number.NEGATIVE_INFINITY;
  /** In use behind the last collection. */
  #left = 0;
  #share = 0;

  constructor(heap: Heap) {
    this.#heap = heap;
  }

  get high(): boolean {
    return this.#pressure.high;
  }

  /** Share of new work to be turned away, from 0 to 1. */
  get share(): number {
    return this.#share;
  }

  /** Looks at the heap. `now` in milliseconds. */
  look(now: number): void {
    let used = this.#heap.used();
    if ((this.high || used >= SHARE.enter) && now - this.#collectedAt >= this.#collectEvery(used)) {
      this.#heap.collect();
      this.#collectedAt = now;
      used = this.#heap.used();
      this.#left = used;
    }
    this.#pressure.update(used);
    this.#share = Math.min(1, Math.max(0, (used - SHARE.enter) / (FULL - SHARE.enter)));
  }

  #collectEvery(used: number): number {
    return used >= FULL && used - this.#left >= WORTHWHILE ? COLLECT_FULL_EVERY : COLLECT_EVERY;
  }
}
