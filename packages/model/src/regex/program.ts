import type { ByteSet } from './byte-set.ts';
import { parsePattern } from './parse.ts';
import { PatternError, type PatternNode } from './syntax.ts';

/** Steps of the machine that a pattern becomes. Matching takes at most so many times the text's length. */
export const MAX_STEPS = 1000;

/** What a step of a program does. */
export const Step = {
  /** Takes one byte of `sets[x]`. */
  bytes: 0,
  /** Goes on at `x`, and, less preferred, at `y`. */
  split: 1,
  jump: 2,
  /** Writes the position down in slot `x`. */
  save: 3,
  start: 4,
  end: 5,
  match: 6,
} as const;
export type Step = (typeof Step)[keyof typeof Step];

/** A pattern as a nondeterministic machine (Thompson's construction). Immutable; begins at step 0. */
export interface PatternProgram {
  readonly steps: Uint8Array;
  readonly x: Int32Array;
  readonly y: Int32Array;
  readonly sets: readonly ByteSet[];
  readonly groups: number;
}

/** Throws `PatternError` for what is no pattern, or is too large. */
export function compilePattern(pattern: string, ignoreCase: boolean): PatternProgram {
  const { root, groups } = parsePattern(pattern, ignoreCase);
  // Counted before anything is built: {100}{100}{100} in groups would be a million steps.
  const size = sizeOf(root) + 1;
  if (size > MAX_STEPS) {
    throw new PatternError(
      `is too large: with its counts written out it has ${size} steps, and ${MAX_STEPS} are allowed`,
    );
  }
  return new ProgramBuilder(size).build(root, groups);
}

function sizeOf(node: PatternNode): number {
  switch (node.type) {
    case 'bytes':
    case 'start':
    case 'end':
      return 1;
    case 'sequence':
      return node.parts.reduce((sum, part) => sum + sizeOf(part), 0);
    case 'choice':
      return node.options.reduce((sum, option) => sum + sizeOf(option), 2 * (node.options.length - 1));
    case 'group':
      return sizeOf(node.node) + 2;
    case 'repeat': {
      const once = sizeOf(node.node);
      const optional = node.max === Number.POSITIVE_INFINITY ? once + 2 : (node.max - node.min) * (once + 1);
      return node.min * once + optional;
    }
  }
}

class ProgramBuilder {
  readonly #steps: Uint8Array;
  readonly #x: Int32Array;
  readonly #y: Int32Array;
  readonly #sets: ByteSet[] = [];
  #size = 0;

  constructor(size: number) {
    this.#steps = new Uint8Array(size);
    this.#x = new Int32Array(size);
    this.#y = new Int32Array(size);
  }

  build(root: PatternNode, groups: number): PatternProgram {
    this.#node(root);
    this.#add(Step.match);
    return { steps: this.#steps, x: this.#x, y: this.#y, sets: this.#sets, groups };
  }

  #add(step: Step, x = 0, y = 0): number {
    const at = this.#size++;
    this.#steps[at] = step;
    this.#x[at] = x;
    this.#y[at] = y;
    return at;
  }

  #node(node: PatternNode): void {
    switch (node.type) {
      case 'bytes':
        this.#add(Step.bytes, this.#sets.length);
        this.#sets.push(node.set);
        return;
      case 'start':
        this.#add(Step.start);
        return;
      case 'end':
        this.#add(Step.end);
        return;
      case 'sequence':
        for (const part of node.parts) this.#node(part);
        return;
      case 'choice':
        this.#choice(node.options);
        return;
      case 'group':
        this.#add(Step.save, node.index * 2);
        this.#node(node.node);
        this.#add(Step.save, node.index * 2 + 1);
        return;
      case 'repeat':
        for (let i = 0; i < node.min; i++) this.#node(node.node);
        if (node.max === Number.POSITIVE_INFINITY) this.#loop(node.node, node.greedy);
        else this.#optional(node.node, node.max - node.min, node.greedy);
        return;
    }
  }

  #choice(options: readonly PatternNode[]): void {
    const jumps: number[] = [];
    for (const [index, option] of options.entries()) {
      if (index === options.length - 1) {
        this.#node(option);
        continue;
      }
      const split = this.#add(Step.split);
      this.#x[split] = this.#size;
      this.#node(option);
      jumps.push(this.#add(Step.jump));
      this.#y[split] = this.#size;
    }
    for (const jump of jumps) this.#x[jump] = this.#size;
  }

  #loop(node: PatternNode, greedy: boolean): void {
    const split = this.#add(Step.split);
    const body = this.#size;
    this.#node(node);
    this.#add(Step.jump, split);
    this.#branch(split, body, this.#size, greedy);
  }

  #optional(node: PatternNode, times: number, greedy: boolean): void {
    const splits: { readonly split: number; readonly body: number }[] = [];
    for (let i = 0; i < times; i++) {
      const split = this.#add(Step.split);
      splits.push({ split, body: this.#size });
      this.#node(node);
    }
    for (const { split, body } of splits) this.#branch(split, body, this.#size, greedy);
  }

  #branch(split: number, body: number, behind: number, greedy: boolean): void {
    this.#x[split] = greedy ? body : behind;
    this.#y[split] = greedy ? behind : body;
  }
}
