import { type Arena, HEADROOM, NO_BUFFER, RECEIVE_SIZE } from '../reactor/arena.ts';

/** A head must fit into one buffer. */
export const MAX_HEAD = RECEIVE_SIZE;

/**
 * The bytes of a head that has not arrived whole. They wait outside the arena, in memory of just their size, so that
 * any number of slow senders holds no buffer that others could use.
 */
export class PartialHead {
  #bytes: Uint8Array | null = null;
  /** Outcome of `join`: a buffer with one count for the caller, and what is in it. */
  buffer = NO_BUFFER;
  start = 0;
  end = 0;
  /** Offset of the first byte of the piece that found no room; equal to the piece's end when all did. */
  rest = 0;

  get waiting(): boolean {
    return this.#bytes !== null;
  }

  /** Keeps a copy of memory[start, end); at most `MAX_HEAD` bytes. */
  keep(memory: Uint8Array, start: number, end: number): void {
    this.#bytes = memory.slice(start, end);
  }

  /** Adds a piece that cannot complete the head, as it has no line end. False: the head would be too large. */
  extend(memory: Uint8Array, start: number, end: number, most = MAX_HEAD): boolean {
    const old = this.#bytes;
    if (old === null || old.length + (end - start) >= most) return false;
    const bytes = new Uint8Array(old.length + (end - start));
    bytes.set(old);
    for (let i = start, to = old.length; i < end; i++, to++) bytes[to] = memory[i]!;
    this.#bytes = bytes;
    return true;
  }

  /** Puts what waits and the piece memory[start, end) into one buffer. False when no buffer is free. */
  join(arena: Arena, start: number, end: number): boolean {
    const old = this.#bytes;
    if (old === null) throw new Error('no partial head waits');
    const buffer = arena.acquire();
    if (buffer === NO_BUFFER) return false;
    const to = arena.base(buffer) + HEADROOM;
    arena.memory.set(old, to);
    const length = Math.min(end - start, RECEIVE_SIZE - old.length);
    arena.memory.copyWithin(to + old.length, start, start + length);
    this.buffer = buffer;
    this.start = to;
    this.end = to + old.length + length;
    this.rest = start + length;
    this.#bytes = null;
    return true;
  }

  /** Hands what waits to `request`, which will be refused; without it when no buffer is free. Nothing waits any more. */
  giveUp(arena: Arena, request: { keepRefused(buffer: number, start: number, end: number): void }): void {
    if (this.waiting && this.join(arena, 0, 0)) request.keepRefused(this.buffer, this.start, this.end);
    this.clear();
  }

  clear(): void {
    this.#bytes = null;
  }
}

/** Whether memory[start, end) has a line end; without one it completes no head. */
export function hasLineEnd(memory: Uint8Array, start: number, end: number): boolean {
  for (let at = start; at < end; at++) if (memory[at] === 10) return true;
  return false;
}
