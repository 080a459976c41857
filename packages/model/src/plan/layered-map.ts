/** Changes that may lie over a base of `size` entries before both become a new base: what weighs copies against it. */
function layerLimit(size: number): number {
  return 64 + 4 * Math.sqrt(size);
}

/**
 * A map as a thin layer of changes over a base that it shares with others: to copy and change it costs about the square
 * root of its size, and two that share a base are compared by their layers. Whoever made one with `fork` may change it
 * until others see it.
 *
 * Invariant: the layer holds a value, or undefined for what is removed from the base; nothing that equals the base.
 */
export class LayeredMap<Value> implements ReadonlyMap<string, Value> {
  readonly #base: ReadonlyMap<string, Value>;
  readonly #layer: Map<string, Value | undefined>;
  #size: number;

  private constructor(base: ReadonlyMap<string, Value>, layer: Map<string, Value | undefined>, size: number) {
    this.#base = base;
    this.#layer = layer;
    this.#size = size;
  }

  /** A copy that may be changed; `map` must not change any more. */
  static fork<Value>(map: ReadonlyMap<string, Value>): LayeredMap<Value> {
    if (!(map instanceof LayeredMap)) return new LayeredMap(map, new Map(), map.size);
    const layered: LayeredMap<Value> = map;
    if (layered.#layer.size <= layerLimit(layered.#base.size)) {
      return new LayeredMap(layered.#base, new Map(layered.#layer), layered.#size);
    }
    return new LayeredMap(new Map(layered), new Map(), layered.#size);
  }

  /** The keys in which two maps may differ, some of them twice; null when any may. */
  static suspects<Value>(one: ReadonlyMap<string, Value>, other: ReadonlyMap<string, Value>): string[] | null {
    const base = one instanceof LayeredMap ? one.#base : one;
    if (base !== (other instanceof LayeredMap ? other.#base : other)) return null;
    const layers = [one, other].map((map) => (map instanceof LayeredMap ? [...map.#layer.keys()] : []));
    return layers.flat();
  }

  get size(): number {
    return this.#size;
  }

  get(key: string): Value | undefined {
    return this.#layer.has(key) ? this.#layer.get(key) : this.#base.get(key);
  }

  has(key: string): boolean {
    return this.get(key) !== undefined;
  }

  set(key: string, value: Value): void {
    if (!this.has(key)) this.#size++;
    if (this.#base.get(key) === value) this.#layer.delete(key);
    else this.#layer.set(key, value);
  }

  delete(key: string): void {
    if (this.has(key)) this.#size--;
    if (this.#base.has(key)) this.#layer.set(key, undefined);
    else this.#layer.delete(key);
  }

  forEach(visit: (value: Value, key: string, map: ReadonlyMap<string, Value>) => void): void {
    for (const [key, value] of this) visit(value, key, this);
  }

  *entries(): MapIterator<[string, Value]> {
    for (const entry of this.#base) {
      if (!this.#layer.has(entry[0])) yield entry;
    }
    for (const [key, value] of this.#layer) {
      if (value !== undefined) yield [key, value];
    }
  }

  *keys(): MapIterator<string> {
    for (const [key] of this.entries()) yield key;
  }

  *values(): MapIterator<Value> {
    for (const [, value] of this.entries()) yield value;
  }

  [Symbol.iterator](): MapIterator<[string, Value]> {
    return this.entries();
  }
}
