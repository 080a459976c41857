import type { Heap } from './heap.ts';
import { Pressure } from './pressure.ts';

/**
 * Shares of the heap. Well below all of it: what lies between objects is lost, and a thread that finds no room for one
 * ends at once.
 */
const SHARE = { enter: 0.75, leave: 0.65 };

/** Milliseconds from one collection to the next. */
const COLLECT_EVERY = 5_000;

/**
 * Whether a thread is out of memory for objects. What is in use may be garbage that nobody has collected yet, and where
 * little is allocated, as where most work is turned away, nobody ever would: so it is collected before it counts, and now
 * and then for as long as it does.
 */
export class HeapPressure {
  readonly #heap: Heap;
  readonly #pressure = new Pressure(SHARE.enter, SHARE.leave);
  #collectedAt = Number.NEGATIVE_INFINITY;

  constructor(heap: Heap) {
    this.#heap = heap;
  }

  get high(): boolean {
    return this.#pressure.high;
  }

  /** Looks at the heap. `now` in milliseconds. */
  look(now: number): void {
    let used = this.#heap.used();
    if ((this.high || used >= SHARE.enter) && now - this.#collectedAt >= COLLECT_EVERY) {
      this.#heap.collect();
      this.#collectedAt = now;
      used = this.#heap.used();
    }
    this.#pressure.update(used);
  }
}
