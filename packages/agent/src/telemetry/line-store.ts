const NEW_LINE = 10;

/**
 * The newest lines, in memory of a fixed size that is taken when the first ones come. Lines that came together lie side by
 * side: what does not fit behind the last ones begins a new lap at 0, over those of the lap before.
 *
 * Invariants: bytes [0, end) are of this lap; bytes [end, lapEnd) of the one before, the first line of which may have lost
 * its beginning.
 */
export class LineStore {
  readonly #size: number;
  #bytes: Buffer | null = null;
  #end = 0;
  #lapEnd = 0;

  constructor(size: number) {
    this.#size = size;
  }

  /** Whether this many bytes of lines would lie right behind those that came last. */
  hasRoom(length: number): boolean {
    return this.#end + length <= this.#size;
  }

  /**
   * Complete lines, which are copied. Returns where they are, until that many come that their memory is needed. Throws a
   * RangeError when they are longer than all of it.
   */
  add(lines: Uint8Array): Buffer {
    const { length } = lines;
    if (length > this.#size) throw new RangeError(`${length} bytes of lines in ${this.#size} of memory`);
    const bytes = (this.#bytes ??= Buffer.allocUnsafeSlow(this.#size));
    if (!this.hasRoom(length)) {
      this.#lapEnd = this.#end;
      this.#end = 0;
    }
    const start = this.#end;
    this.#end += length;
    // Not by `set`, which copies memory that threads share byte by byte.
    Buffer.from(lines.buffer, lines.byteOffset, length).copy(bytes, start);
    return bytes.subarray(start, this.#end);
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

  /** What is there, in pieces of whole lines, the newest first. */
  #pieces(): Buffer[] {
    const bytes = this.#bytes;
    if (bytes === null) return [];
    const newer = bytes.subarray(0, this.#end);
    if (this.#lapEnd <= this.#end) return [newer];
    const older = bytes.subarray(this.#end, this.#lapEnd);
    return [newer, older.subarray(older.indexOf(NEW_LINE) + 1)];
  }
}
