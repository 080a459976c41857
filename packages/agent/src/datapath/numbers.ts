/**
 * The numbers that the kernel knows something by, from 1 on. They are given out in a circle, so that one that was given
 * back is the last to be used again; one that may still be written down somewhere is retired for a time, and is nobody's
 * until then. When all are taken or retired there is none: a number too early would lead flows to a stranger.
 */
export class Numbers {
  readonly #most: number;
  readonly #byName: Map<string, number>;
  readonly #taken: Set<number>;
  /** By number, when it may be used again. */
  readonly #retired: Map<number, number>;
  #last: number;

  /** `retired`: by number, in the seconds that `take` goes by. */
  constructor(
    most: number,
    known: Readonly<Record<string, number>> = {},
    retired: Readonly<Record<string, number>> = {},
  ) {
    this.#most = most;
    this.#byName = new Map(Object.entries(known));
    this.#retired = new Map(Object.entries(retired).map(([number, until]) => [Number(number), until]));
    this.#taken = new Set([...this.#byName.values(), ...this.#retired.keys()]);
    this.#last = Math.max(0, ...this.#taken);
  }

  /** The name's number, a new one if it has none; null when there is none left. `now`: in seconds, of any clock. */
  take(name: string, now = 0): number | null {
    const known = this.#byName.get(name);
    if (known !== undefined) return known;
    if (this.#taken.size >= this.#most) this.#restore(now);
    if (this.#taken.size >= this.#most) return null;
    let number = this.#last;
    do number = number >= this.#most ? 1 : number + 1;
    while (this.#taken.has(number));
    this.#last = number;
    this.#byName.set(name, number);
    this.#taken.add(number);
    return number;
  }

  /** Nothing knows the number any more. */
  release(name: string): void {
    const number = this.#byName.get(name);
    if (number === undefined) return;
    this.#byName.delete(name);
    this.#taken.delete(number);
  }

  /** The name is gone, but its number is nobody else's before `until`. */
  retire(name: string, until: number): void {
    const number = this.#byName.get(name);
    if (number === undefined) return;
    this.#byName.delete(name);
    this.#retired.set(number, until);
  }

  /** Numbers that are retired at `now`, with the time until which they are. */
  retired(now: number): Record<string, number> {
    this.#restore(now);
    return Object.fromEntries(this.#retired);
  }

  /** How many can be taken at `now`. */
  free(now: number): number {
    this.#restore(now);
    return this.#most - this.#taken.size;
  }

  /** Nothing knows these retired ones any more. */
  restore(numbers: Iterable<number>): void {
    for (const number of numbers) if (this.#retired.delete(number)) this.#taken.delete(number);
  }

  #restore(now: number): void {
    for (const [number, until] of this.#retired) {
      if (until > now) continue;
      this.#retired.delete(number);
      this.#taken.delete(number);
    }
  }
}
