import type { Unsettled } from './reactor.ts';

/** What is to be settled at the end of the turn. Its two arrays keep their size, so that adding allocates nothing. */
export class SettleList {
  #waiting: (Unsettled | null)[] = [];
  #spare: (Unsettled | null)[] = [];
  #count = 0;

  get isEmpty(): boolean {
    return this.#count === 0;
  }

  add(item: Unsettled): void {
    this.#waiting[this.#count++] = item;
  }

  /** Settles everything in the order of its coming, and what comes by that. */
  settle(): void {
    while (this.#count > 0) {
      const items = this.#waiting;
      const count = this.#count;
      this.#waiting = this.#spare;
      this.#spare = items;
      this.#count = 0;
      for (let i = 0; i < count; i++) {
        const item = items[i] as Unsettled;
        items[i] = null;
        item.settle();
      }
    }
  }
}
