import { NO_BUFFER } from '../arena.ts';
import type { CheckedArena } from './checked-arena.ts';
import type { Pipe } from './pipe.ts';

interface Outgoing {
  readonly buffer: number;
  at: number;
  readonly end: number;
}

/** What the kernel has taken of an outbox in one go. */
export interface Handover {
  readonly bytes: number;
  /** Buffers of the sends that were taken whole; `NO_BUFFER` among them. */
  readonly buffers: readonly number[];
}

/**
 * What waits to be sent on a connection. Memory is read when the kernel takes it, not when it is queued, so that bytes
 * which are changed in between go out changed; buffers are released when the handover is reported.
 */
export class Outbox {
  /** Bytes not handed over, or not reported yet. */
  unsent = 0;
  /** Bytes that the kernel has taken so far. */
  handedOver = 0;
  readonly #arena: CheckedArena;
  readonly #waiting: Outgoing[] = [];
  /** Sends that were handed over whole and not reported yet. */
  #inHand = 0;

  constructor(arena: CheckedArena) {
    this.#arena = arena;
  }

  get queued(): number {
    return this.#inHand + this.#waiting.length;
  }

  /** Everything has been handed over. */
  get flushed(): boolean {
    return this.#waiting.length === 0;
  }

  /** Bytes that the kernel has not taken yet. */
  get bytes(): number {
    return this.#waiting.reduce((sum, { at, end }) => sum + end - at, 0);
  }

  /** Buffers that those are in. */
  get buffers(): number {
    return this.#waiting.filter(({ buffer }) => buffer !== NO_BUFFER).length;
  }

  push(buffer: number, start: number, end: number): void {
    this.#waiting.push({ buffer, at: start, end });
    this.unsent += end - start;
  }

  /** Gives the kernel what it has room for, `most` bytes at most; null when that is nothing. */
  handOver(pipe: Pipe, most = Number.POSITIVE_INFINITY): Handover | null {
    let bytes = 0;
    const buffers: number[] = [];
    while (this.#waiting.length > 0 && pipe.room > 0 && bytes < most) {
      const first = this.#waiting[0] as Outgoing;
      const size = Math.min(first.end - first.at, pipe.room, most - bytes);
      pipe.write(this.#arena.memory.slice(first.at, first.at + size));
      first.at += size;
      bytes += size;
      if (first.at < first.end) break;
      this.#waiting.shift();
      buffers.push(first.buffer);
    }
    this.#inHand += buffers.length;
    this.handedOver += bytes;
    return bytes > 0 ? { bytes, buffers } : null;
  }

  /** A handover is reported. */
  settle({ bytes, buffers }: Handover): void {
    this.unsent -= bytes;
    this.#inHand -= buffers.length;
    for (const buffer of buffers) this.#arena.release(buffer);
  }

  /** Gives up what waits. */
  clear(): void {
    for (const { buffer } of this.#waiting.splice(0)) this.#arena.release(buffer);
    this.unsent = 0;
    this.#inHand = 0;
  }
}
