import { type Arena, NO_BUFFER } from '../reactor/arena.ts';

/**
 * Pieces that have arrived and cannot be used yet, each with one count of its buffer. Rarely more than one (which costs
 * no allocation): reading is paused while something waits here.
 */
export class InputQueue {
  /** The first piece; `buffer` is `NO_BUFFER` when there is none. */
  buffer = NO_BUFFER;
  start = 0;
  end = 0;
  /** Made when a second piece waits. */
  #more: Piece[] | null = null;

  get empty(): boolean {
    return this.buffer === NO_BUFFER;
  }

  push(buffer: number, start: number, end: number): void {
    if (this.empty) this.#set(buffer, start, end);
    else (this.#more ??= []).push({ buffer, start, end });
  }

  unshift(buffer: number, start: number, end: number): void {
    if (!this.empty) (this.#more ??= []).unshift({ buffer: this.buffer, start: this.start, end: this.end });
    this.#set(buffer, start, end);
  }

  /** Takes the first piece out; its count goes to the caller. */
  shift(): void {
    const next = this.#more?.shift();
    if (next === undefined) this.buffer = NO_BUFFER;
    else this.#set(next.buffer, next.start, next.end);
  }

  clear(arena: Arena): void {
    while (!this.empty) {
      arena.release(this.buffer);
      this.shift();
    }
  }

  #set(buffer: number, start: number, end: number): void {
    this.buffer = buffer;
    this.start = start;
    this.end = end;
  }
}

interface Piece {
  readonly buffer: number;
  readonly start: number;
  readonly end: number;
}
