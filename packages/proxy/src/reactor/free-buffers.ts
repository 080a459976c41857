import { NO_BUFFER } from './arena.ts';

/**
 * The free buffers among `count` equal ones, named first, first + 1 and so on. The one that was released last is the next
 * to be taken, so few pages are ever touched and those are warm.
 */
export class FreeBuffers {
  /** Stack: #stack[0, #top). */
  readonly #stack: Int32Array;
  #top: number;
  /** Buffers that the kernel may fill next: nobody owns them, but they cannot be taken. */
  #lent = 0;

  constructor(first: number, count: number) {
    this.#stack = new Int32Array(count);
    for (let i = 0; i < count; i++) this.#stack[i] = first + count - 1 - i;
    this.#top = count;
  }

  /** Buffers that nobody owns, those that are lent included. */
  get free(): number {
    return this.#top + this.#lent;
  }

  /** Buffers that could be taken now. */
  get available(): number {
    return this.#top;
  }

  take(): number {
    return this.#top === 0 ? NO_BUFFER : this.#stack[--this.#top];
  }

  put(buffer: number): void {
    this.#stack[this.#top++] = buffer;
  }

  /** Takes a buffer for the kernel to fill, or `NO_BUFFER`. It still counts as free. */
  lend(): number {
    if (this.#top === 0) return NO_BUFFER;
    this.#lent++;
    return this.#stack[--this.#top];
  }

  /** The kernel has filled a buffer that was lent: somebody owns it now. */
  returnFilled(): void {
    this.#lent--;
  }

  /** The kernel gave a buffer back unused. */
  returnUnused(buffer: number): void {
    this.#lent--;
    this.put(buffer);
  }
}
