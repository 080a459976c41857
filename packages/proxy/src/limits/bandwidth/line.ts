import type { Paced } from '../../reactor/pacer.ts';

/** Who waits, in order. An array that is used again; holds each connection at most once, so it is bounded by those. */
export class Line {
  #items: (Paced | null)[] = [];
  #head = 0;

  get length(): number {
    return this.#items.length - this.#head;
  }

  /** There is one. */
  get first(): Paced {
    return this.#items[this.#head] as Paced;
  }

  push(paced: Paced): void {
    this.#items.push(paced);
  }

  shift(): Paced {
    const { first } = this;
    this.#items[this.#head++] = null;
    if (this.#head === this.#items.length) {
      this.#items = [];
      this.#head = 0;
    } else if (this.#head > 1_024 && this.#head * 2 > this.#items.length) {
      this.#items = this.#items.slice(this.#head);
      this.#head = 0;
    }
    return first;
  }
}
