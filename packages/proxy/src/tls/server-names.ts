/** What belongs to server names: exact, or `*.` and a domain, which is any name below that domain. */
export class ServerNames<T> {
  readonly #exact = new Map<string, T>();
  /** By domain, without the `*.`. */
  readonly #below = new Map<string, T>();

  /** `name` in lower case. A later entry takes the place of an earlier one. */
  set(name: string, value: T): void {
    if (name.startsWith('*.')) this.#below.set(name.slice(2), value);
    else this.#exact.set(name, value);
  }

  /** The value of exactly this name or wildcard. */
  get(name: string): T | undefined {
    return name.startsWith('*.') ? this.#below.get(name.slice(2)) : this.#exact.get(name);
  }

  /** What fits a client's name best: the exact name, then the longest wildcard. */
  find(name: string): T | undefined {
    const exact = this.#exact.get(name);
    if (exact !== undefined || this.#below.size === 0) return exact;
    for (let dot = name.indexOf('.'); dot >= 0; dot = name.indexOf('.', dot + 1)) {
      const value = this.#below.get(name.slice(dot + 1));
      if (value !== undefined) return value;
    }
    return undefined;
  }

  /** All that fits a client's name, the best first. */
  *all(name: string): Generator<T> {
    const exact = this.#exact.get(name);
    if (exact !== undefined) yield exact;
    for (let dot = name.indexOf('.'); dot >= 0; dot = name.indexOf('.', dot + 1)) {
      const value = this.#below.get(name.slice(dot + 1));
      if (value !== undefined) yield value;
    }
  }
}
