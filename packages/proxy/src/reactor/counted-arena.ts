import { type Arena, BUFFER_SIZE, NO_BUFFER, type StaticRange } from './arena.ts';

/** Room for interned bytes: status lines, whole prepared responses. */
export const STATIC_SIZE = 256 * 1024;

/** 512 MiB of addresses. Memory is taken from the system for touched pages only, and the same buffers are touched again first. */
export const DEFAULT_BUFFERS = Math.floor((512 * 1024 * 1024) / BUFFER_SIZE);

/** Buffers are named by 16-bit numbers in the kernel's buffer rings. */
export const MAX_BUFFERS = 65536;

/** Bytes of memory that an arena of this many buffers needs. */
export const arenaSize = (capacity: number): number => STATIC_SIZE + capacity * BUFFER_SIZE;

/**
 * Counts over one block of memory: interned bytes first, then the buffers. The buffer that was released last is the
 * next to be acquired, so few pages are ever touched and those are warm.
 */
export class CountedArena implements Arena {
  /** Not a Buffer, whose `slice` copies nothing: whoever keeps bytes of a buffer that goes back would see it change. */
  readonly memory: Uint8Array;
  readonly capacity: number;
  /** Stack of free buffers: #stack[0, #top). */
  readonly #stack: Int32Array;
  readonly #counts: Uint16Array;
  #top: number;
  /** Buffers that the kernel may fill next: nobody owns them, but they cannot be acquired. */
  #lent = 0;
  #interned = 0;

  /** `memory` has `arenaSize(capacity)` bytes that never move. Without it, an ordinary block is allocated. */
  constructor(capacity: number, memory: ArrayBuffer = new ArrayBuffer(arenaSize(capacity))) {
    if (!Number.isInteger(capacity) || capacity < 1 || capacity > MAX_BUFFERS) {
      throw new RangeError(`an arena holds 1 to ${MAX_BUFFERS} buffers, not ${capacity}`);
    }
    this.memory = new Uint8Array(memory);
    this.capacity = capacity;
    this.#counts = new Uint16Array(capacity);
    this.#stack = new Int32Array(capacity);
    for (let i = 0; i < capacity; i++) this.#stack[i] = capacity - 1 - i;
    this.#top = capacity;
  }

  get free(): number {
    return this.#top + this.#lent;
  }

  /** Buffers that `acquire` and `lend` could take now. */
  get available(): number {
    return this.#top;
  }

  acquire(): number {
    if (this.#top === 0) return NO_BUFFER;
    const buffer = this.#stack[--this.#top];
    this.#counts[buffer] = 1;
    return buffer;
  }

  retain(buffer: number): void {
    const count = this.#counts[buffer];
    if (!(count > 0 && count < 0xffff)) throw new Error(`buffer ${buffer} has ${count} counts and cannot be retained`);
    this.#counts[buffer] = count + 1;
  }

  release(buffer: number): void {
    if (buffer === NO_BUFFER) return;
    const count = this.#counts[buffer];
    if (!(count > 0)) throw new Error(`buffer ${buffer} was released by someone who does not own it`);
    this.#counts[buffer] = count - 1;
    if (count === 1) this.#stack[this.#top++] = buffer;
  }

  base(buffer: number): number {
    return STATIC_SIZE + buffer * BUFFER_SIZE;
  }

  intern(bytes: Uint8Array): StaticRange {
    const start = this.#interned;
    const end = start + bytes.length;
    if (end > STATIC_SIZE) throw new RangeError(`interned bytes exceed ${STATIC_SIZE}`);
    this.memory.set(bytes, start);
    this.#interned = end;
    return { start, end };
  }

  /** Takes a buffer for the kernel to fill, or `NO_BUFFER`. It still counts as free. */
  lend(): number {
    if (this.#top === 0) return NO_BUFFER;
    this.#lent++;
    return this.#stack[--this.#top];
  }

  /** The kernel has filled a buffer that was lent: it has one count now. */
  returnFilled(buffer: number): void {
    this.#lent--;
    this.#counts[buffer] = 1;
  }

  /** The kernel gave a buffer back unused. */
  returnUnused(buffer: number): void {
    this.#lent--;
    this.#stack[this.#top++] = buffer;
  }
}
