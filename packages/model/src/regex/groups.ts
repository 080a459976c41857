import { type PatternProgram, Step } from './program.ts';
import { ThreadList } from './thread-list.ts';

/**
 * Finds where a pattern matches first, and what its groups remember: the match that begins first, and among those the
 * one that a backtracking matcher would find first (Pike's machine). Time is bounded by the text's length times the
 * program's.
 */
export class PatternGroups {
  /** After `find`: start and end of the match (0, 1) and of each group; -1 where a group took no part. */
  readonly places: Int32Array;
  readonly #program: PatternProgram;
  readonly #stack: Int32Array;
  readonly #undo: Int32Array;
  /** The places of the thread that is being followed. */
  readonly #path: Int32Array;
  #now: Threads;
  #then: Threads;

  constructor(program: PatternProgram) {
    this.#program = program;
    const slots = (program.groups + 1) * 2;
    const size = program.steps.length;
    this.places = new Int32Array(slots);
    this.#path = new Int32Array(slots);
    this.#stack = new Int32Array(size * 3 + 3);
    this.#undo = new Int32Array(size * 3 + 3);
    this.#now = new Threads(size, slots);
    this.#then = new Threads(size, slots);
  }

  /** Whether memory[start, end) has a match; if so, `places` tells where. */
  find(memory: Uint8Array, start: number, end: number): boolean {
    const { steps, x, sets } = this.#program;
    let found = false;
    this.#now.list.clear();
    for (let at = start; ; at++) {
      const now = this.#now;
      if (!found) {
        this.#path.fill(-1);
        this.#path[0] = at;
        this.#follow(now, 0, at, start, end);
      }
      if (now.list.count === 0) return found;
      const then = this.#then;
      then.list.clear();
      for (let i = 0; i < now.list.count; i++) {
        const step = now.list.steps[i]!;
        const kind = steps[step];
        if (kind === Step.match) {
          now.load(step, this.places);
          this.places[1] = at;
          found = true;
          // Threads behind this one are less preferred.
          break;
        }
        if (kind !== Step.bytes || at === end || sets[x[step]!]![memory[at]!] === 0) continue;
        now.load(step, this.#path);
        this.#follow(then, step + 1, at + 1, start, end);
      }
      if (at === end) return found;
      this.#now = then;
      this.#then = now;
    }
  }

  /** Adds what is reached from a step without taking a byte, most preferred first, each with the places on its path. */
  #follow(into: Threads, from: number, at: number, start: number, end: number): void {
    const { steps, x, y } = this.#program;
    const stack = this.#stack;
    const undo = this.#undo;
    const path = this.#path;
    let height = 0;
    stack[height++] = from;
    while (height > 0) {
      const step = stack[--height]!;
      if (step < 0) {
        // Everything behind a group's edge has been followed: the place is as it was before.
        path[-1 - step] = undo[height]!;
        continue;
      }
      if (into.list.has(step)) continue;
      into.list.add(step);
      switch (steps[step] as Step) {
        case Step.split:
          stack[height++] = y[step]!;
          stack[height++] = x[step]!;
          break;
        case Step.jump:
          stack[height++] = x[step]!;
          break;
        case Step.save: {
          const slot = x[step]!;
          undo[height] = path[slot]!;
          stack[height++] = -1 - slot;
          path[slot] = at;
          stack[height++] = step + 1;
          break;
        }
        case Step.start:
          if (at === start) stack[height++] = step + 1;
          break;
        case Step.end:
          if (at === end) stack[height++] = step + 1;
          break;
        case Step.bytes:
        case Step.match:
          into.store(step, path);
          break;
      }
    }
  }
}

/** Threads in order of preference, each with its places. */
class Threads {
  readonly list: ThreadList;
  readonly #places: Int32Array;
  readonly #slots: number;

  constructor(size: number, slots: number) {
    this.list = new ThreadList(size);
    this.#places = new Int32Array(size * slots);
    this.#slots = slots;
  }

  store(step: number, from: Int32Array): void {
    this.#places.set(from, step * this.#slots);
  }

  load(step: number, into: Int32Array): void {
    const at = step * this.#slots;
    for (let i = 0; i < this.#slots; i++) into[i] = this.#places[at + i]!;
  }
}
