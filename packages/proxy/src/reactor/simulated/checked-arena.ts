import { type Arena, BUFFER_SIZE, HEADROOM, NO_BUFFER, RECEIVE_SIZE, type StaticRange } from '../arena.ts';
import { Violation } from './violation.ts';

/** What a buffer that nobody owns is filled with, so that using it shows. */
export const POISON = 0xdb;

const STATIC_SIZE = 256 * 1024;

/** What a large receive brings at most here: several ordinary ones, and as much as connections have on their way. */
export const SIMULATED_LARGE_SIZE = 4 * RECEIVE_SIZE;
const LARGE_BUFFER_SIZE = HEADROOM + SIMULATED_LARGE_SIZE;

const poison = Buffer.alloc(LARGE_BUFFER_SIZE, POISON);

/**
 * An arena that notices misuse: releasing what is not owned, retaining what is free, sending from what was released,
 * writing to what was released. The buffer that was released last is given out first, so that stale references meet
 * new data soon.
 */
export class CheckedArena implements Arena {
  readonly memory: Uint8Array;
  readonly capacity: number;
  /** Most buffers that were ever taken at once. */
  peak = 0;
  /** Called when a buffer becomes free. */
  onFree: () => void = () => {};
  readonly #bytes: Buffer;
  readonly #counts: Int32Array;
  readonly #ordinary: number;
  readonly #free: number[] = [];
  readonly #freeLarge: number[] = [];
  readonly #staticStart: number;
  #staticEnd: number;

  constructor(ordinary: number, large = 0) {
    const capacity = ordinary + large;
    this.capacity = capacity;
    this.#ordinary = ordinary;
    this.#staticStart = ordinary * BUFFER_SIZE + large * LARGE_BUFFER_SIZE;
    this.#bytes = Buffer.alloc(this.#staticStart + STATIC_SIZE);
    this.memory = new Uint8Array(this.#bytes.buffer, this.#bytes.byteOffset, this.#bytes.length);
    this.#counts = new Int32Array(capacity);
    this.#staticEnd = this.#staticStart;
    this.#bytes.fill(POISON, 0, this.#staticEnd);
    for (let buffer = capacity - 1; buffer >= 0; buffer--) this.#listOf(buffer).push(buffer);
  }

  get free(): number {
    return this.#free.length + this.#freeLarge.length;
  }

  get available(): number {
    return this.#free.length;
  }

  acquire(): number {
    return this.#take(this.#free);
  }

  /** A large buffer to receive into, or `NO_BUFFER`. */
  acquireLarge(): number {
    return this.#take(this.#freeLarge);
  }

  retain(buffer: number): void {
    this.#assertOwned(buffer, 'retained');
    this.#counts[buffer] = (this.#counts[buffer] as number) + 1;
  }

  release(buffer: number): void {
    if (buffer === NO_BUFFER) return;
    this.#assertOwned(buffer, 'released');
    const count = (this.#counts[buffer] as number) - 1;
    this.#counts[buffer] = count;
    if (count > 0) return;
    const base = this.base(buffer);
    this.#bytes.fill(POISON, base, base + this.#sizeOf(buffer));
    this.#listOf(buffer).push(buffer);
    this.onFree();
  }

  base(buffer: number): number {
    const ordinary = this.#ordinary;
    if (buffer < ordinary) return buffer * BUFFER_SIZE;
    return ordinary * BUFFER_SIZE + (buffer - ordinary) * LARGE_BUFFER_SIZE;
  }

  /** Where receiving into a buffer starts. */
  receiveStart(buffer: number): number {
    return this.base(buffer) + HEADROOM;
  }

  intern(bytes: Uint8Array): StaticRange {
    const start = this.#staticEnd;
    const end = start + bytes.length;
    if (end > this.memory.length) throw new Violation(`more than ${STATIC_SIZE} bytes were interned`);
    this.memory.set(bytes, start);
    this.#staticEnd = end;
    return { start, end };
  }

  /** Throws unless memory[start, end) lies in a buffer that is owned, or in interned bytes for `NO_BUFFER`. */
  assertSendable(buffer: number, start: number, end: number): void {
    const low = buffer === NO_BUFFER ? this.#staticStart : this.base(buffer);
    const high = buffer === NO_BUFFER ? this.#staticEnd : low + this.#sizeOf(buffer);
    if (buffer !== NO_BUFFER) this.#assertOwned(buffer, 'sent');
    if (start < low || end > high || start > end) {
      throw new Violation(`sent memory[${start}, ${end}) of buffer ${buffer}, which is memory[${low}, ${high})`);
    }
  }

  #take(list: number[]): number {
    const buffer = list.pop();
    if (buffer === undefined) return NO_BUFFER;
    const [base, size] = [this.base(buffer), this.#sizeOf(buffer)];
    if (this.#bytes.compare(poison, 0, size, base, base + size) !== 0) {
      throw new Violation(`buffer ${buffer} was written to after its release`);
    }
    this.#counts[buffer] = 1;
    this.peak = Math.max(this.peak, this.capacity - this.free);
    return buffer;
  }

  #listOf(buffer: number): number[] {
    return buffer < this.#ordinary ? this.#free : this.#freeLarge;
  }

  #sizeOf(buffer: number): number {
    return buffer < this.#ordinary ? BUFFER_SIZE : LARGE_BUFFER_SIZE;
  }

  #assertOwned(buffer: number, what: string): void {
    const count = this.#counts[buffer];
    if (count === undefined) throw new Violation(`buffer ${buffer} was ${what} but does not exist`);
    if (count < 1) throw new Violation(`buffer ${buffer} was ${what} but nobody owns it`);
  }
}
