const NOTHING = new Uint8Array(0);

/**
 * Bytes that wait for more of them outside the arena, so that who sends byte by byte holds no buffers: memory of at most
 * twice their size. Bounded by who adds to them.
 */
export class HeldBytes {
  length = 0;
  #bytes = NOTHING;

  /** What is held begins it; the rest of it is not to be read. Good until the next `add`. */
  get bytes(): Uint8Array {
    return this.#bytes;
  }

  /** Adds a copy of memory[start, end). */
  add(memory: Uint8Array, start: number, end: number): void {
    const old = this.#bytes;
    const length = this.length + end - start;
    if (length > old.length) {
      // The first piece is often the only one that is held.
      this.#bytes = new Uint8Array(this.length === 0 ? length : Math.max(length, 2 * old.length));
      this.#bytes.set(old);
    }
    this.#bytes.set(memory.subarray(start, end), this.length);
    this.length = length;
  }

  clear(): void {
    this.length = 0;
    this.#bytes = NOTHING;
  }
}
