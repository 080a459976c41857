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
    const at = (this.#written + lines.length - kept.length) % this.#size;
    const room = this.#size - at;
    bytes.set(kept.subarray(0, room), at);
    if (kept.length > room) bytes.set(kept.subarray(room), 0);
    this.#written += lines.length;
  }

  /** The oldest whole line, without its end; null when there is none. */
  get oldest(): string | null {
    const piece = this.#pieces().findLast((piece) => piece.length > 0);
    return piece === undefined ? null : piece.toString('latin1', 0, piece.indexOf(NEW_LINE));
  }

  /** Lines with `needle` in them that are wanted, the newest first, at most `most`. */
  find(needle: Buffer, most: number, wanted: (line: string) => boolean = () => true): string[] {
    const found: string[] = [];
    for (const piece of this.#pieces()) {
      for (let at = piece.lastIndexOf(needle); at >= 0 && found.length < most; ) {
        const start = piece.lastIndexOf(NEW_LINE, at) + 1;
        const line = piece.toString('latin1', start, piece.indexOf(NEW_LINE, at));
        if (wanted(line)) found.push(line);
        at = start < needle.length ? -1 : piece.lastIndexOf(needle, start - needle.length);
      }
    }
    return found;
  }

  /** What is there, in pieces of whole lines, the newest first. Nothing is copied but the line that goes around the end. */
  #pieces(): Buffer[] {
    const bytes = this.#bytes;
    if (bytes === null) return [];
    if (this.#written <= this.#size) return [bytes.subarray(0, this.#written)];
    const end = this.#written % this.#size;
    const older = bytes.subarray(end);
    const newer = bytes.subarray(0, end);
    const firstLine = older.indexOf(NEW_LINE) + 1;
    const lastLine = older.lastIndexOf(NEW_LINE) + 1;
    const rest = newer.indexOf(NEW_LINE) + 1;
    // One line from end to end, whose beginning is gone.
    if (firstLine === 0) return [newer.subarray(rest)];
    const around = Buffer.concat([older.subarray(lastLine), newer.subarray(0, rest)]);
    return [newer.subarray(rest), around, older.subarray(firstLine, lastLine)];
  }
}
