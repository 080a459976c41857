/**
 * Steps of a program in the order in which they were added, each at most once. Clearing costs nothing: membership is
 * looked up in both directions (Briggs and Torczon, 1993).
 */
export class ThreadList {
  count = 0;
  readonly steps: Int32Array;
  readonly #places: Int32Array;

  constructor(size: number) {
    this.steps = new Int32Array(size);
    this.#places = new Int32Array(size);
  }

  clear(): void {
    this.count = 0;
  }

  has(step: number): boolean {
    const place = this.#places[step]!;
    return place < this.count && this.steps[place] === step;
  }

  /** The step's place. It must not be there yet. */
  add(step: number): number {
    const place = this.count++;
    this.steps[place] = step;
    this.#places[step] = place;
    return place;
  }
}
