/**
 * A small seeded generator (mulberry32): the only source of chance in a simulation, so that a seed is a whole run.
 * Statistical quality is enough for choosing scenarios; it is no generator for secrets.
 */
export class Random {
  #state: number;

  constructor(seed: number) {
    this.#state = seed >>> 0;
  }

  uint32(): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0;
    let mixed = this.#state;
    mixed = Math.imul(mixed ^ (mixed >>> 15), mixed | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return (mixed ^ (mixed >>> 14)) >>> 0;
  }

  /** In [0, 1). */
  fraction(): number {
    return this.uint32() / 0x1_0000_0000;
  }

  /** A whole number in [0, bound). */
  below(bound: number): number {
    return Math.floor(this.fraction() * bound);
  }

  /** A whole number in [low, high]. */
  between(low: number, high: number): number {
    return low + this.below(high - low + 1);
  }

  /** A whole number in the range, both ends included. */
  within(range: Range): number {
    return this.between(range[0], range[1]);
  }

  /** A real number in the range. */
  real(range: Range): number {
    return range[0] + this.fraction() * (range[1] - range[0]);
  }

  chance(probability: number): boolean {
    return this.fraction() < probability;
  }

  pick<T>(items: readonly T[]): T {
    if (items.length === 0) throw new RangeError('nothing to pick from');
    return items[this.below(items.length)] as T;
  }

  shuffle<T>(items: T[]): void {
    for (let i = items.length - 1; i > 0; i--) {
      const other = this.below(i + 1);
      const kept = items[i] as T;
      items[i] = items[other] as T;
      items[other] = kept;
    }
  }

  /** A generator of its own, so that what one part draws does not move what another part draws. */
  fork(): Random {
    return new Random(this.uint32());
  }
}

/** Lowest and highest value. */
export type Range = readonly [low: number, high: number];
