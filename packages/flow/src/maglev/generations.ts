import { SLOTS } from './slots.ts';

/**
 * Two generations of a service's table in the form of the kernel: per slot the current target in the lower half, the
 * previous one in the upper. Equal halves mean that a flow of this slot needs no state anywhere.
 *
 * `isGone` tells which targets have no flows worth keeping: their slots count as unchanged, and flows of theirs are chosen
 * again at once.
 */
export function pairSlots(
  current: Uint16Array,
  previous: Uint16Array,
  isGone: (number: number) => boolean = () => false,
): Uint32Array {
  const pairs = new Uint32Array(SLOTS);
  for (let slot = 0; slot < SLOTS; slot++) {
    const before = previous[slot]!;
    const after = current[slot]!;
    const kept = before === 0 || before === after || isGone(before) ? after : before;
    pairs[slot] = ((kept << 16) | after) >>> 0;
  }
  return pairs;
}

/** The slots whose flows the kernel has to write down. */
export function changedSlots(pairs: Uint32Array): number[] {
  const changed: number[] = [];
  for (let slot = 0; slot < pairs.length; slot++) {
    if (pairs[slot]! >>> 16 !== (pairs[slot]! & 0xffff)) changed.push(slot);
  }
  return changed;
}
