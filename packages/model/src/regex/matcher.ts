import { type PatternProgram, Step } from './program.ts';
import { ThreadList } from './thread-list.ts';

/** States that are kept; when there are more, all are thrown away and made again as they are needed. */
const MAX_STATES = 256;

/** States that one text may make; what is left of it is matched without making any. */
const MAX_NEW_STATES = 512;

/** A set of steps that the program may be at. `next` is filled in as bytes come. */
interface State {
  readonly steps: Int32Array;
  /** Whatever follows, the text matches. */
  readonly matches: boolean;
  /** The text matches if it ends here. */
  readonly matchesAtEnd: boolean;
  readonly next: (State | null)[];
}

/**
 * Whether a text has a match of a pattern in it: a deterministic machine that is made as texts need it. One look at a
 * byte in a state that is known; a text that makes too many new states is finished step by step, in time bounded by its
 * length times the program's. Memory is bounded whatever the pattern and the texts.
 */
export class PatternMatcher {
  readonly #program: PatternProgram;
  /** By byte: its class. Bytes of one class are in the same sets of the program. */
  readonly #classes: Uint8Array;
  /** By class: one of its bytes. */
  readonly #samples: readonly number[];
  readonly #states = new Map<string, State>();
  readonly #stack: Int32Array;
  #threads: ThreadList;
  #others: ThreadList;
  #start: State;

  constructor(program: PatternProgram) {
    this.#program = program;
    const { classes, samples } = classesOf(program);
    this.#classes = classes;
    this.#samples = samples;
    const size = program.steps.length;
    this.#stack = new Int32Array(size * 2 + 2);
    this.#threads = new ThreadList(size);
    this.#others = new ThreadList(size);
    this.#start = this.#startState();
  }

  /** Whether memory[start, end) matches somewhere. */
  test(memory: Uint8Array, start: number, end: number): boolean {
    const classes = this.#classes;
    let state = this.#start;
    let made = 0;
    for (let at = start; at < end; at++) {
      if (state.matches) return true;
      const kind = classes[memory[at]!]!;
      let next = state.next[kind]!;
      if (next === null) {
        if (made++ === MAX_NEW_STATES) return this.#finish(state, memory, at, end);
        next = this.#advance(state, kind);
      }
      if (next.steps.length === 0) return false;
      state = next;
    }
    return state.matches || state.matchesAtEnd;
  }

  #startState(): State {
    this.#others.clear();
    this.#follow(this.#others, 0, true, false);
    return this.#stateOf(this.#others, true);
  }

  #advance(state: State, kind: number): State {
    const threads = this.#threads;
    threads.clear();
    this.#step(state.steps, state.steps.length, this.#samples[kind]!, threads);
    if (this.#states.size >= MAX_STATES) {
      // Whoever is on its way holds the state that it is in; nobody else finds the old ones any more.
      this.#states.clear();
      this.#start = this.#startState();
    }
    const next = this.#stateOf(threads, false);
    state.next[kind] = next;
    return next;
  }

  /** Goes on without making states. */
  #finish(state: State, memory: Uint8Array, from: number, end: number): boolean {
    let now = this.#threads;
    let then = this.#others;
    now.clear();
    for (const step of state.steps) now.add(step);
    for (let at = from; at < end; at++) {
      then.clear();
      this.#step(now.steps, now.count, memory[at]!, then);
      if (then.count === 0) return false;
      for (let i = 0; i < then.count; i++) if (this.#program.steps[then.steps[i]!] === Step.match) return true;
      [now, then] = [then, now];
    }
    this.#threads = now;
    this.#others = then;
    return this.#endsIn(now, false);
  }

  /** Where `byte` leads from `steps`, and where a match may begin behind it. */
  #step(steps: Int32Array, count: number, byte: number, into: ThreadList): void {
    const { steps: kinds, x, sets } = this.#program;
    for (let i = 0; i < count; i++) {
      const step = steps[i]!;
      if (kinds[step] === Step.bytes && sets[x[step]!]![byte] === 1) this.#follow(into, step + 1, false, false);
    }
    this.#follow(into, 0, false, false);
  }

  /** Adds what is reached from a step without taking a byte: steps that take one, `end`, and `match`. */
  #follow(into: ThreadList, from: number, atStart: boolean, atEnd: boolean): void {
    const { steps, x, y } = this.#program;
    const stack = this.#stack;
    let height = 0;
    stack[height++] = from;
    while (height > 0) {
      const step = stack[--height]!;
      if (into.has(step)) continue;
      into.add(step);
      switch (steps[step] as Step) {
        case Step.split:
          stack[height++] = y[step]!;
          stack[height++] = x[step]!;
          break;
        case Step.jump:
          stack[height++] = x[step]!;
          break;
        case Step.save:
          stack[height++] = step + 1;
          break;
        case Step.start:
          if (atStart) stack[height++] = step + 1;
          break;
        case Step.end:
          if (atEnd) stack[height++] = step + 1;
          break;
        case Step.bytes:
        case Step.match:
          break;
      }
    }
  }

  #stateOf(threads: ThreadList, atStart: boolean): State {
    const kinds = this.#program.steps;
    const steps = threads.steps
      .slice(0, threads.count)
      .filter((step) => kinds[step] === Step.bytes || kinds[step] === Step.end || kinds[step] === Step.match)
      .sort();
    const key = `${atStart ? '^' : ''}${steps.join()}`;
    const known = this.#states.get(key);
    if (known !== undefined) return known;
    const matches = steps.some((step) => kinds[step] === Step.match);
    const matchesAtEnd = matches || this.#endsIn({ steps, count: steps.length }, atStart);
    const next = new Array<State | null>(this.#samples.length).fill(null);
    const state = { steps, matches, matchesAtEnd, next };
    this.#states.set(key, state);
    return state;
  }

  /** Whether `match` is reached if the text ends here. */
  #endsIn({ steps, count }: { readonly steps: Int32Array; readonly count: number }, atStart: boolean): boolean {
    const kinds = this.#program.steps;
    const reached = new ThreadList(kinds.length);
    for (let i = 0; i < count; i++) {
      const step = steps[i]!;
      if (kinds[step] === Step.match) return true;
      if (kinds[step] === Step.end && !reached.has(step)) this.#follow(reached, step, atStart, true);
    }
    for (let i = 0; i < reached.count; i++) if (kinds[reached.steps[i]!] === Step.match) return true;
    return false;
  }
}

/** Splits the 256 bytes into classes that no set of the program tells apart. */
function classesOf({ sets }: PatternProgram): { classes: Uint8Array; samples: number[] } {
  const classes = new Uint8Array(256);
  const samples: number[] = [];
  const known = new Map<string, number>();
  for (let byte = 0; byte < 256; byte++) {
    const key = sets.map((set) => set[byte]).join('');
    let index = known.get(key);
    if (index === undefined) {
      index = samples.length;
      known.set(key, index);
      samples.push(byte);
    }
    classes[byte] = index;
  }
  return { classes, samples };
}
