/** The slot of all that find no slot of their own. */
export const OVERFLOW_SLOT = 0;

interface Taken<Name> {
  name: Name;
  readonly slot: number;
}

/**
 * Gives each name a small number that is its place in shared tables. A name keeps its number as long as it is there, and
 * beyond that until `sweep` finds that nobody uses it any more; lowest numbers are given first, so that tables stay
 * dense. When all `capacity` numbers are taken, newcomers share `OVERFLOW_SLOT`: they are served, but counted together.
 */
export class Slots<Name> {
  readonly #capacity: number;
  readonly #taken = new Map<string, Taken<Name>>();
  /** Keys of those who have left, so that `sweep` looks at them alone. */
  readonly #retired = new Set<string>();
  /** Given back, in descending order; the next one that was never given is `#fresh`. */
  readonly #free: number[] = [];
  #fresh = OVERFLOW_SLOT + 1;

  constructor(capacity: number) {
    this.#capacity = capacity;
  }

  /** The slot of `key`, which is in use from now on. `name` is what `entries` says of it. */
  take(key: string, name: Name): number {
    const known = this.#taken.get(key);
    if (known !== undefined) {
      this.#retired.delete(key);
      known.name = name;
      return known.slot;
    }
    const slot = this.#free.pop() ?? (this.#fresh < this.#capacity ? this.#fresh++ : OVERFLOW_SLOT);
    if (slot !== OVERFLOW_SLOT) this.#taken.set(key, { name, slot });
    return slot;
  }

  /** `key` has left the plan; its slot is given away once it is quiet. */
  retire(key: string): void {
    if (this.#taken.has(key)) this.#retired.add(key);
  }

  /** Frees retired slots that are `quiet`: nobody holds them and nobody will write to them again. */
  sweep(quiet: (slot: number) => boolean): void {
    const before = this.#free.length;
    for (const key of this.#retired) {
      const slot = this.#taken.get(key)!.slot;
      if (!quiet(slot)) continue;
      this.#retired.delete(key);
      this.#taken.delete(key);
      this.#free.push(slot);
    }
    if (this.#free.length > before) this.#free.sort((a, b) => b - a);
  }

  /** Whether the key has left the plan, and is here until it is quiet. */
  isRetired(key: string): boolean {
    return this.#retired.has(key);
  }

  /** All names that have a slot of their own, retired ones included. */
  entries(): IterableIterator<{ readonly name: Name; readonly slot: number }> {
    return this.#taken.values();
  }
}
