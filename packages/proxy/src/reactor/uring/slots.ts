/** Small numbers for things that the kernel reports about. A number is used again once it has been given back. */
export class Slots<T> {
  readonly #items: (T | null)[] = [];
  readonly #free: number[] = [];

  get size(): number {
    return this.#items.length - this.#free.length;
  }

  add(item: T): number {
    const slot = this.#free.pop() ?? this.#items.length;
    this.#items[slot] = item;
    return slot;
  }

  get(slot: number): T {
    const item = this.#items[slot];
    if (item === null || item === undefined) throw new Error(`the kernel reported about slot ${slot}, which is empty`);
    return item;
  }

  remove(slot: number): void {
    this.#items[slot] = null;
    this.#free.push(slot);
  }

  /** Everything there is now. */
  all(): T[] {
    return this.#items.filter((item): item is T => item !== null);
  }
}
