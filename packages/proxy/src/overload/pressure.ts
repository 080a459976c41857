/** What a worker can run out of. */
export const RESOURCES = ['time', 'buffers', 'descriptors', 'memory'] as const;
export type Resource = (typeof RESOURCES)[number];

/**
 * One thing that is used, and whether it is used too much: it is from `high` on, until it is back at `low`. In between
 * it stays what it was, so that what is given back by turning work away does not let it all in again at once.
 *
 * Invariant: low < high.
 */
export class Pressure {
  high: boolean = false;
  readonly #enter: number;
  readonly #leave: number;

  constructor(enter: number, leave: number) {
    if (!(leave < enter)) throw new RangeError(`a pressure that is entered at ${enter} cannot be left at ${leave}`);
    this.#enter = enter;
    this.#leave = leave;
  }

  /** Returns whether it has changed. */
  update(used: number): boolean {
    const before = this.high;
    this.high = before ? used > this.#leave : used >= this.#enter;
    return this.high !== before;
  }
}

/** The resources whose bits are set. */
export function resourcesOf(bits: number): Resource[] {
  return RESOURCES.filter((_, i) => (bits & (1 << i)) !== 0);
}
