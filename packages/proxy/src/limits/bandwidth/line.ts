import type { Paced } from '../../reactor/pacer.ts';
import type { LineMemory } from './line-memory.ts';

/** Who waits, in order. Arrays that are used again; hold each connection at most once, so they are bounded by those. */
export class Line {
  /** Buffers that those in line keep, as it was when each was last looked at. */
  buffers = 0;
  readonly #memory: LineMemory;
  #items: (Paced | null)[] = [];
  /** Buffers of each item. */
  #kept: number[] = [];
  #head = 0;

  constructor(memory: LineMemory) {
    this.#memory = memory;
  }

  get length(): number {
    return this.#items.length - this.#head;
  }

  /** There is one. */
  get first(): Paced {
    return this.#items[this.#head] as Paced;
  }

  push(paced: Paced): void {
    const buffers = paced.waitingBuffers;
    this.#items.push(paced);
    this.#kept.push(buffers);
    this.#count(buffers);
  }

  shift(): Paced {
    const { first } = this;
    this.#count(-(this.#kept[this.#head] as number));
    this.#items[this.#head++] = null;
    if (this.#head === this.#items.length) {
      this.#items = [];
      this.#kept = [];
      this.#head = 0;
    } else if (this.#head > 1_024 && this.#head * 2 > this.#items.length) {
      this.#items = this.#items.slice(this.#head);
      this.#kept = this.#kept.slice(this.#head);
      this.#head = 0;
    }
    return first;
  }

  /** Looks at all again: some have got more meanwhile, others have gone. */
  recount(): void {
    for (let at = this.#head; at < this.#items.length; at++) {
      const buffers = (this.#items[at] as Paced).waitingBuffers;
      this.#count(buffers - (this.#kept[at] as number));
      this.#kept[at] = buffers;
    }
  }

  #count(buffers: number): void {
    this.buffers += buffers;
    this.#memory.used += buffers;
  }
}
