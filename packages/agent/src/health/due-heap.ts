/** What a `DueHeap` keeps; `place` belongs to the heap and is -1 outside it. */
export interface Due {
  /** Monotonic milliseconds. */
  due: number;
  place: number;
}

/**
 * A binary heap by due time in which every item knows its place, so that moving or removing one costs log n. The times lie
 * side by side beside the items: of thousands of items, each of which is cold, none is looked at to compare it.
 */
export class DueHeap<Item extends Due> {
  readonly #items: Item[] = [];
  #dues = new Float64Array(64);

  get size(): number {
    return this.#items.length;
  }

  /** The item that is due first; undefined when there is none. */
  peek(): Item | undefined {
    return this.#items[0];
  }

  /** When the first item is due; Infinity when there is none. */
  get nextDue(): number {
    return this.#items.length === 0 ? Number.POSITIVE_INFINITY : (this.#dues[0] as number);
  }

  /** Adds the item, or moves it when it is here already. */
  set(item: Item, due: number): void {
    item.due = due;
    let place = item.place;
    if (place < 0) {
      place = this.#items.length;
      this.#items.push(item);
      if (place === this.#dues.length) this.#grow();
    }
    this.#settle(item, due, place);
  }

  /** Does nothing when the item is not here. */
  remove(item: Item): void {
    const place = item.place;
    if (place < 0) return;
    item.place = -1;
    const last = this.#items.pop() as Item;
    if (last !== item) this.#settle(last, this.#dues[this.#items.length] as number, place);
  }

  /** Puts an item where it belongs, beginning with a place whose item is of no account. */
  #settle(item: Item, due: number, from: number): void {
    const dues = this.#dues;
    let place = from;
    while (place > 0) {
      const parent = (place - 1) >> 1;
      if ((dues[parent] as number) <= due) break;
      this.#move(parent, place);
      place = parent;
    }
    const count = this.#items.length;
    for (let child = place * 2 + 1; child < count; child = place * 2 + 1) {
      if (child + 1 < count && (dues[child + 1] as number) < (dues[child] as number)) child++;
      if (due <= (dues[child] as number)) break;
      this.#move(child, place);
      place = child;
    }
    dues[place] = due;
    this.#items[place] = item;
    item.place = place;
  }

  #move(from: number, to: number): void {
    const item = this.#items[from] as Item;
    this.#dues[to] = this.#dues[from] as number;
    this.#items[to] = item;
    item.place = to;
  }

  #grow(): void {
    const larger = new Float64Array(this.#dues.length * 2);
    larger.set(this.#dues);
    this.#dues = larger;
  }
}
