/** Longest line that is kept whole; the rest of a longer one is dropped. */
export const LONGEST_LINE = 16 * 1024;

/** Makes lines out of pieces of text. Memory is bounded by the longest. */
export class LineSplitter {
  readonly #onLine: (line: string) => void;
  readonly #longest: number;
  #partial = '';

  constructor(onLine: (line: string) => void, longest = LONGEST_LINE) {
    this.#onLine = onLine;
    this.#longest = longest;
  }

  push(text: string): void {
    let start = 0;
    for (let end = text.indexOf('\n'); end >= 0; end = text.indexOf('\n', start)) {
      this.#extend(text.slice(start, end));
      this.flush();
      start = end + 1;
    }
    this.#extend(text.slice(start));
  }

  /** Hands over what is left of the last line. */
  flush(): void {
    const line = this.#partial;
    this.#partial = '';
    if (line !== '') this.#onLine(line);
  }

  #extend(text: string): void {
    this.#partial += text.slice(0, this.#longest - this.#partial.length);
  }
}
