const NEW_LINE = 10;

/**
 * The newest lines, in memory of a fixed size that is taken when the first one comes. What is written last overwrites
 * what was written first; a line whose beginning is gone is gone.
 *
 * Invariants: written counts all bytes ever added; bytes [written − min(written, size), written) are there, modulo size.
 */
export class LineStore {
  readonly #size: number;
  #bytes: Buffer | null = null;
  #written = 0;

  constructor(size: number) {
    this.#size = size;
  }

  /** Complete lines; they are copied. What does not fit of very many is left out from the front. */
  add(lines: Uint8Array): void {
    const bytes = (this.#bytes ??= Buffer.allocUnsafeSlow(this.#size));
    const kept = lines.length > this.#size ? lines.subarray(lines.length - this.#size) : lines;
    const at = this.#written % this.#size;
    const room = this.#size - at;
    bytes.set(kept.subarray(0, room), at);
    if (kept.length > room) bytes.set(kept.subarray(room), 0);
    this.#written += kept.length;
  }

  /** The oldest whole line, without its end; null when there is none. */
  get oldest(): string | null {
    const bytes = this.#inOrder();
    const start = this.#firstLine(bytes);
    const end = bytes.indexOf(NEW_LINE, start);
    return end < 0 ? null : bytes.toString('latin1', start, end);
  }

  /** Lines with `needle` in them, the newest first, at most `most`. */
  find(needle: Buffer, most: number): string[] {
    const bytes = this.#inOrder();
    const first = this.#firstLine(bytes);
    const found: string[] = [];
    for (let at = bytes.lastIndexOf(needle); at >= first && found.length < most; ) {
      const start = Math.max(first, bytes.lastIndexOf(NEW_LINE, at) + 1);
      found.push(bytes.toString('latin1', start, bytes.indexOf(NEW_LINE, at)));
      at = start < needle.length ? -1 : bytes.lastIndexOf(needle, start - needle.length);
    }
    return found;
  }

  /** Where the first whole line begins. */
  #firstLine(bytes: Buffer): number {
    return this.#written <= this.#size ? 0 : bytes.indexOf(NEW_LINE) + 1;
  }

  /** What is there, the oldest first; a copy when it goes around the end. */
  #inOrder(): Buffer {
    const bytes = this.#bytes ?? Buffer.alloc(0);
    if (this.#written <= this.#size) return bytes.subarray(0, this.#written);
    const at = this.#written % this.#size;
    return Buffer.concat([bytes.subarray(at), bytes.subarray(0, at)]);
  }
}
