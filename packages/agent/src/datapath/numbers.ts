/** The numbers that the kernel knows something by, from 1 on; each is used again when its owner has gone. */
export class Numbers {
  readonly #most: number;
  readonly #byName: Map<string, number>;
  readonly #taken: Set<number>;

  constructor(most: number, known: Readonly<Record<string, number>> = {}) {
    this.#most = most;
    this.#byName = new Map(Object.entries(known));
    this.#taken = new Set(this.#byName.values());
  }

  get(name: string): number | null {
    return this.#byName.get(name) ?? null;
  }

  /** The name's number, a new one if it has none; null when there is none left. */
  take(name: string): number | null {
    const known = this.#byName.get(name);
    if (known !== undefined) return known;
    for (let number = 1; number <= this.#most; number++) {
      if (this.#taken.has(number)) continue;
      this.#byName.set(name, number);
      this.#taken.add(number);
      return number;
    }
    return null;
  }

  release(name: string): void {
    const number = this.#byName.get(name);
    if (number === undefined) return;
    this.#byName.delete(name);
    this.#taken.delete(number);
  }

  names(): string[] {
    return [...this.#byName.keys()];
  }

  toJSON(): Record<string, number> {
    return Object.fromEntries(this.#byName);
  }
}
