/** Values that may lie over a map before they and it become a map of their own. */
const OVER = 64;

/** What is known of a copy: the map that it was made of, and the keys whose values are others in it. */
interface Lineage {
  /** Held loosely: each copy would keep all before it. */
  readonly from: WeakRef<ReadonlyMap<string, object>>;
  readonly keys: Set<string>;
}

/** Of copies that have the keys of what they were made of. */
const lineages = new WeakMap<ReadonlyMap<string, object>, Lineage>();

/**
 * A map over another one, which stays as it is: to begin one and to put other values in place costs what is changed, and
 * not what is there. The keys keep their order. What adds or removes one copies the map. No value is undefined.
 */
export class OverlaidMap<Value extends object> implements ReadonlyMap<string, Value> {
  #base: ReadonlyMap<string, Value>;
  /** Values in place of those of the base; of its keys alone. */
  readonly #over: Map<string, Value>;
  /** The base, as long as nobody else has it. */
  #own: Map<string, Value> | null = null;
  #touched = false;
  #hasOtherKeys = false;

  /** Shows what `map` does. */
  constructor(map: ReadonlyMap<string, Value>) {
    if (map instanceof OverlaidMap) {
      const below: OverlaidMap<Value> = map;
      below.#own = null;
      this.#base = below.#base;
      this.#over = new Map(below.#over);
    } else {
      this.#base = map;
      this.#over = new Map();
    }
  }

  /** Whether anything was put or removed since the beginning. */
  get touched(): boolean {
    return this.#touched;
  }

  /** Whether a key has come or gone since the beginning. */
  get hasOtherKeys(): boolean {
    return this.#hasOtherKeys;
  }

  /** The keys of which two maps may have different values; null: any may, and keys may differ. */
  static suspects<Value extends object>(
    one: ReadonlyMap<string, Value>,
    other: ReadonlyMap<string, Value>,
  ): ReadonlySet<string> | null {
    const a = one instanceof OverlaidMap ? one.#base : one;
    const b = other instanceof OverlaidMap ? other.#base : other;
    const suspects = new Set<string>();
    if (a !== b) {
      const lineage = lineages.get(b);
      if (lineage?.from.deref() !== a) return null;
      for (const key of lineage.keys) suspects.add(key);
    }
    if (one instanceof OverlaidMap) for (const key of one.#over.keys()) suspects.add(key);
    if (other instanceof OverlaidMap) for (const key of other.#over.keys()) suspects.add(key);
    return suspects;
  }

  get size(): number {
    return this.#base.size;
  }

  get(key: string): Value | undefined {
    return this.#over.get(key) ?? this.#base.get(key);
  }

  has(key: string): boolean {
    return this.#base.has(key);
  }

  set(key: string, value: Value): void {
    this.#touched = true;
    const isThere = this.#base.has(key);
    if (!isThere) this.#hasOtherKeys = true;
    if (isThere && this.#own === null && this.#over.size < OVER) this.#over.set(key, value);
    else this.#set(key, value, isThere);
  }

  delete(key: string): void {
    if (!this.has(key)) return;
    this.#touched = true;
    this.#hasOtherKeys = true;
    const copy = this.#copy();
    lineages.delete(copy);
    copy.delete(key);
  }

  /** The same as a plain map, which this one does not change any more; that below where it is the same. */
  plain(): ReadonlyMap<string, Value> {
    if (this.#over.size > 0) this.#copy();
    this.#own = null;
    return this.#base;
  }

  #set(key: string, value: Value, isThere: boolean): void {
    const copy = this.#copy();
    if (isThere) lineages.get(copy)?.keys.add(key);
    else lineages.delete(copy);
    copy.set(key, value);
  }

  /** The base as a map that may be changed, with all values in place. */
  #copy(): Map<string, Value> {
    if (this.#own !== null) return this.#own;
    const copy = new Map(this.#base);
    for (const [key, value] of this.#over) copy.set(key, value);
    lineages.set(copy, { from: new WeakRef(this.#base), keys: new Set(this.#over.keys()) });
    this.#over.clear();
    this.#base = copy;
    this.#own = copy;
    return copy;
  }

  forEach(visit: (value: Value, key: string, map: ReadonlyMap<string, Value>) => void): void {
    for (const [key, value] of this.entries()) visit(value, key, this);
  }

  entries(): MapIterator<[string, Value]> {
    return this.#over.size === 0 ? this.#base.entries() : this.#overlaid();
  }

  keys(): MapIterator<string> {
    return this.#base.keys();
  }

  values(): MapIterator<Value> {
    return this.#over.size === 0 ? this.#base.values() : this.#overlaidValues();
  }

  [Symbol.iterator](): MapIterator<[string, Value]> {
    return this.entries();
  }

  /** As it is at each step: a change on the way may make another base of it. */
  *#overlaid(): MapIterator<[string, Value]> {
    for (const key of this.#base.keys()) {
      const value = this.get(key);
      if (value !== undefined) yield [key, value];
    }
  }

  *#overlaidValues(): MapIterator<Value> {
    for (const [, value] of this.#overlaid()) yield value;
  }
}
