import { SLOTS } from './slots.ts';

/**
 * Two generations of a service's table in the form of the kernel (bpf/structs.h): per slot 15 bits for the current target,
 * a bit that says whether flows of the slot may be written down, and 15 bits for the previous target. A slot without that
 * bit needs no state anywhere.
 */
export type Generation = Uint32Array;

const TARGET = 0x7fff;
const REMEMBERS = 0x8000;

/** What a slot says. Numbers of targets; 0: nobody. */
export interface SlotPair {
  readonly current: number;
  readonly previous: number;
  /** Flows of the slot may be written down. */
  readonly remembers: boolean;
}

export function pairOf(pair: number): SlotPair {
  return { current: pair & TARGET, previous: pair >>> 16, remembers: (pair & REMEMBERS) !== 0 };
}

/** A table that nobody has used before: all slots are settled. */
export function firstGeneration(slots: Uint16Array): Generation {
  return Uint32Array.from(slots, (target) => (target << 16) | target);
}

/**
 * The table `slots` after that of `before`. Flows in slots that change are written down from now on: those that begin, at
 * the new target, the others at the one before. A slot that changes once more before it has settled keeps the previous
 * target that it has: flows that nobody has written down are from before its first change, since all that have begun or
 * sent anything later are written down. So a flow may be silent through any number of changes.
 *
 * Flows of targets that are gone (`isGone`) are not kept: they go to the new target at once.
 */
export function nextGeneration(
  slots: Uint16Array,
  before: Generation,
  isGone: (number: number) => boolean = () => false,
): Generation {
  const isThere = (number: number) => number !== 0 && !isGone(number);
  const next = new Uint32Array(SLOTS);
  for (let slot = 0; slot < SLOTS; slot++) {
    const current = slots[slot]!;
    const pair = before[slot]!;
    // Where the target from before the first change is gone, what is alive is at the last one.
    const [first, last] = [pair >>> 16, pair & TARGET];
    const previous = isThere(first) ? first : isThere(last) ? last : current;
    const remembers = previous !== current ? REMEMBERS : pair & REMEMBERS;
    next[slot] = ((previous << 16) | remembers | current) >>> 0;
  }
  return next;
}

/** Whether a slot has a previous target: it has changed, and flows from before that may still be alive. */
export function isUnsettled(pair: number): boolean {
  return pair >>> 16 !== (pair & TARGET);
}

/**
 * The same table once flows older than the change of a slot have had their time (`isDue`, all slots unless told): whatever
 * is not written down belongs to the current target. `remembers` says of a slot whether flows of it are still written down
 * at another target.
 */
export function settle(
  generation: Generation,
  remembers: (slot: number) => boolean,
  isDue: (slot: number) => boolean = () => true,
): Generation {
  return generation.map((pair, slot) => {
    if (!isDue(slot)) return pair;
    const current = pair & TARGET;
    const flag = (pair & REMEMBERS) !== 0 && remembers(slot) ? REMEMBERS : 0;
    return ((current << 16) | flag | current) >>> 0;
  });
}

/**
 * The table of another node in our numbers, 0 for targets that we do not have. A node that joins begins with it: what it
 * knows by itself is the current table, but flows may be older than that.
 */
export function renumber(generation: Generation, translate: (number: number) => number): Generation {
  const known = new Map<number, number>();
  const ours = (number: number) => {
    const found = known.get(number) ?? (number === 0 ? 0 : translate(number));
    known.set(number, found);
    return found;
  };
  return generation.map((pair) => ((ours(pair >>> 16) << 16) | (pair & REMEMBERS) | ours(pair & TARGET)) >>> 0);
}

/**
 * The table `slots` of a node that joins, after that of a node that is there: the same where both have the same current
 * targets, and the next one where they have not.
 */
export function joinGeneration(slots: Uint16Array, other: Generation): Generation {
  if (!slots.every((target, slot) => (other[slot]! & TARGET) === target)) return nextGeneration(slots, other);
  return other.map((pair) => {
    const current = pair & TARGET;
    const previous = pair >>> 16;
    return previous === 0 ? ((current << 16) | REMEMBERS | current) >>> 0 : pair;
  });
}

/** The current targets alone. */
export function currentSlots(generation: Generation): Uint16Array {
  return Uint16Array.from(generation, (pair) => pair & TARGET);
}

/** The slots in which the kernel looks for flows that are written down. */
export function rememberingSlots(generation: Generation): number[] {
  const slots: number[] = [];
  for (let slot = 0; slot < generation.length; slot++) {
    if ((generation[slot]! & REMEMBERS) !== 0) slots.push(slot);
  }
  return slots;
}
