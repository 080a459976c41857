import { PatternError } from './syntax.ts';

/** A pattern that is read from left to right. */
export class PatternReader {
  readonly #text: string;
  #at = 0;

  constructor(text: string) {
    this.#text = text;
  }

  get done(): boolean {
    return this.#at >= this.#text.length;
  }

  sees(character: string): boolean {
    return this.#text[this.#at] === character;
  }

  /** Whether `character` comes next; if so it has been read. */
  take(character: string): boolean {
    if (!this.sees(character)) return false;
    this.#at++;
    return true;
  }

  /** The next character; the empty string at the end. */
  next(): string {
    return this.#text[this.#at++] ?? '';
  }

  /** Reads a decimal number of at most four digits; -1 when there is none. */
  number(): number {
    const digits = /^[0-9]{1,4}/.exec(this.#text.slice(this.#at, this.#at + 4))?.[0] ?? '';
    this.#at += digits.length;
    return digits === '' ? -1 : Number(digits);
  }

  /** The byte that a literal character stands for. What is matched is what went over the wire: visible ASCII and spaces. */
  byteOf(character: string): number {
    const byte = character.charCodeAt(0);
    if (!(byte >= 32 && byte <= 126)) {
      this.fail('only visible ASCII may be written as it is; other bytes as "\\xHH", in a path percent-encoded');
    }
    return byte;
  }

  fail(reason: string): never {
    throw new PatternError(`${reason} (at character ${Math.min(this.#at, this.#text.length)})`);
  }
}
