import { type Arena, BUFFER_SIZE, HEADROOM, LARGE_SIZE, NO_BUFFER, type StaticRange } from './arena.ts';
import { FreeBuffers } from './free-buffers.ts';

/** Room for interned bytes: status lines, whole prepared responses. */
export const STATIC_SIZE = 256 * 1024;

/** 512 MiB of addresses. Memory is taken from the system for touched pages only, and the same buffers are touched again first. */
export const DEFAULT_BUFFERS = Math.floor((512 * 1024 * 1024) / BUFFER_SIZE);

const MOST_LARGE = 512;

/** Large buffers that go with so many ordinary ones; with the default, 128 MiB of addresses more. */
export const largeFor = (ordinary: number): number => Math.min(MOST_LARGE, ordinary >> 4);

/** Buffers are named by 16-bit numbers in the kernel's buffer rings. */
export const MAX_BUFFERS = 65536;

const LARGE_BUFFER_SIZE = HEADROOM + LARGE_SIZE;

/** Bytes of memory that an arena of this many buffers needs. */
export const arenaSize = (ordinary: number, large = 0): number =>
  STATIC_SIZE + ordinary * BUFFER_SIZE + large * LARGE_BUFFER_SIZE;

/** Counts over one block of memory: interned bytes first, then the ordinary buffers, then the large ones. */
export class CountedArena implements Arena {
  /** Not a Buffer, whose `slice` copies nothing: whoever keeps bytes of a buffer that goes back would see it change. */
  readonly memory: Uint8Array;
  readonly capacity: number;
  readonly ordinary: FreeBuffers;
  readonly large: FreeBuffers;
  /** The number of the first large buffer. */
  readonly firstLarge: number;
  readonly #counts: Uint16Array;
  #interned = 0;

  /** `memory` has `arenaSize(ordinary, large)` bytes that never move. Without it, an ordinary block is allocated. */
  constructor(ordinary: number, large = 0, memory: ArrayBuffer = new ArrayBuffer(arenaSize(ordinary, large))) {
    const capacity = ordinary + large;
    if (!Number.isInteger(capacity) || ordinary < 1 || capacity > MAX_BUFFERS) {
      throw new RangeError(`an arena holds 1 to ${MAX_BUFFERS} buffers, not ${capacity}`);
    }
    this.memory = new Uint8Array(memory);
    this.capacity = capacity;
    this.firstLarge = ordinary;
    this.ordinary = new FreeBuffers(0, ordinary);
    this.large = new FreeBuffers(ordinary, large);
    this.#counts = new Uint16Array(capacity);
  }

  get free(): number {
    return this.ordinary.free + this.large.free;
  }

  get available(): number {
    return this.ordinary.available;
  }

  acquire(): number {
    const buffer = this.ordinary.take();
    if (buffer !== NO_BUFFER) this.#counts[buffer] = 1;
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
    if (count > 1) return;
    if (buffer < this.firstLarge) this.ordinary.put(buffer);
    else this.large.put(buffer);
  }

  base(buffer: number): number {
    const { firstLarge } = this;
    if (buffer < firstLarge) return STATIC_SIZE + buffer * BUFFER_SIZE;
    return STATIC_SIZE + firstLarge * BUFFER_SIZE + (buffer - firstLarge) * LARGE_BUFFER_SIZE;
  }

  intern(bytes: Uint8Array): StaticRange {
    const start = this.#interned;
    const end = start + bytes.length;
    if (end > STATIC_SIZE) throw new RangeError(`interned bytes exceed ${STATIC_SIZE}`);
    this.memory.set(bytes, start);
    this.#interned = end;
    return { start, end };
  }

  /** Gives a buffer that was lent to the kernel its one count, as it has been filled. */
  own(buffer: number): void {
    this.#counts[buffer] = 1;
  }
}
