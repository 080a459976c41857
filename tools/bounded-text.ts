/** Text that grows at its end and loses its beginning past `limit` characters, saying so. */
export class BoundedText {
  readonly #limit: number;
  #text = '';
  #lost = false;

  constructor(limit: number) {
    this.#limit = limit;
  }

  append(more: string): void {
    this.#text += more;
    // Cut at twice the limit, so that a long output is copied now and then and not at each line.
    if (this.#text.length > 2 * this.#limit) this.#cut();
  }

  get text(): string {
    if (this.#text.length > this.#limit) this.#cut();
    return this.#lost ? `(earlier output is left out)\n${this.#text}` : this.#text;
  }

  #cut(): void {
    this.#text = this.#text.slice(-this.#limit);
    this.#lost = true;
  }
}
