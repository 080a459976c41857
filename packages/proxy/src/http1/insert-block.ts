import type { Arena, StaticRange } from '../reactor/arena.ts';
import { type AsciiSegment, SEGMENT_OVERRUN, writeSegment } from '../telemetry/ascii-segment.ts';
import { copyWithin } from './copy.ts';

/** Room for one block of composed lines; more than any head can hold. */
export const BLOCK_SIZE = 32 * 1024;

/** A place in the arena where the lines that go into a head are put together, before `HeadEdit` copies them in. */
export class InsertBlock {
  readonly start: number;
  end: number;
  readonly memory: Uint8Array;
  readonly #view: DataView;

  constructor(arena: Pick<Arena, 'memory' | 'intern'>) {
    const { memory } = arena;
    this.memory = memory;
    this.#view = new DataView(memory.buffer, memory.byteOffset, memory.byteLength);
    this.start = arena.intern(new Uint8Array(BLOCK_SIZE + SEGMENT_OVERRUN)).start;
    this.end = this.start;
  }

  clear(): void {
    this.end = this.start;
  }

  /** Bytes that still find room. */
  get room(): number {
    return this.start + BLOCK_SIZE - this.end;
  }

  /** Adds memory[start, end). */
  span(start: number, end: number): void {
    copyWithin(this.memory, this.end, start, end);
    this.end += end - start;
  }

  constant(range: StaticRange): void {
    this.span(range.start, range.end);
  }

  /** Adds text that is laid out for it. */
  segment(segment: AsciiSegment): void {
    writeSegment(this.#view, this.end, segment);
    this.end += segment.length;
  }

  /** Adds bytes from elsewhere; few of them, as they are copied one by one. */
  bytes(bytes: Uint8Array): void {
    const memory = this.memory;
    let at = this.end;
    for (let i = 0; i < bytes.length; i++) memory[at++] = bytes[i]!;
    this.end = at;
  }

  /** Adds ASCII text. */
  text(text: string): void {
    const memory = this.memory;
    let at = this.end;
    for (let i = 0; i < text.length; i++) memory[at++] = text.charCodeAt(i);
    this.end = at;
  }
}
