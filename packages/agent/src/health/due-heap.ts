/** What a `DueHeap` keeps; `place` belongs to the heap and is -1 outside it. */
export interface Due {
  /** Monotonic milliseconds. */
  due: number;
  place: number;
}

/** A binary heap by due time in which every item knows its place, so that moving or removing one costs log n. */
export class DueHeap<Item extends Due> {
  readonly #items: Item[] = [];

  get size(): number {
    return this.#items.length;
  }

  /** The item that is due first; undefined when there is none. */
  peek(): Item | undefined {
    return this.#items[0];
  }

  /** Adds the item, or moves it when it is here already. */
  set(item: Item, due: number): void {
    item.due = due;
    if (item.place < 0) {
      item.place = this.#items.length;
      this.#items.push(item);
    }
    this.#up(item);
    this.#down(item);
  }

  /** Does nothing when the item is not here. */
  remove(item: Item): void {
    const place = item.place;
    if (place < 0) return;
    item.place = -1;
    const last = this.#items.pop() as Item;
    if (last === item) return;
    this.#put(last, place);
    this.#up(last);
    this.#down(last);
  }

  #up(item: Item): void {
    while (item.place > 0) {
      const parent = this.#items[(item.place - 1) >> 1] as Item;
      if (parent.due <= item.due) return;
      this.#swap(parent, item);
    }
  }

  #down(item: Item): void {
    for (;;) {
      const left = item.place * 2 + 1;
      if (left >= this.#items.length) return;
      let least = this.#items[left] as Item;
      const right = this.#items[left + 1];
      if (right !== undefined && right.due < least.due) least = right;
      if (item.due <= least.due) return;
      this.#swap(item, least);
    }
  }

  #swap(upper: Item, lower: Item): void {
    const place = upper.place;
    this.#put(upper, lower.place);
    this.#put(lower, place);
  }

  #put(item: Item, place: number): void {
    this.#items[place] = item;
    item.place = place;
  }
}
