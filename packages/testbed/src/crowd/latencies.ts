/** Steps within a factor of two: a value is known to within 1/32 of itself. */
const STEPS = 32;
/** The finest step, in milliseconds. */
const FINEST = 0.01;
const OCTAVES = 24;

/** How long things took: a histogram of fixed size whose steps grow with the value, from 10 µs to some minutes. */
export class Latencies {
  readonly #counts = new Uint32Array(STEPS * OCTAVES);
  #count = 0;

  get count(): number {
    return this.#count;
  }

  add(milliseconds: number): void {
    const octaves = Math.log2(Math.max(milliseconds, FINEST) / FINEST);
    this.#counts[Math.min(Math.floor(octaves * STEPS), this.#counts.length - 1)]++;
    this.#count++;
  }

  /** The time within which `share` (0–1) of them were done, in milliseconds; 0 when there were none. */
  quantile(share: number): number {
    let left = Math.ceil(this.#count * share);
    for (let step = 0; step < this.#counts.length; step++) {
      left -= this.#counts[step];
      if (left <= 0 && this.#count > 0) return FINEST * 2 ** ((step + 1) / STEPS);
    }
    return 0;
  }
}
