import { HELD_WHOLE } from './held.ts';
import type { BalanceTable } from './table.ts';

/**
 * A target near `candidate` that is neither `tried` nor `triedBefore` and not held back whole; if there is no such, one
 * that is neither; if there is no such, one that is not `tried`; and if that is the only one, that one.
 */
export function otherThan(table: BalanceTable, candidate: number, tried: number, triedBefore: number): number {
  const { candidates, held, slots } = table;
  const count = candidates.length;
  let other = -1;
  // Neighbours, and not the next turns of a schedule: with weights 100 and 1 those would be the same one many times.
  for (let step = 0; step < count; step++) {
    const near = (candidate + step) % count;
    const target = candidates[near]!;
    if (target === tried || target === triedBefore) continue;
    if (held[slots[near]!]! < HELD_WHOLE) return target;
    if (other < 0) other = target;
  }
  if (other >= 0) return other;
  return triedBefore >= 0 && count > 1 ? otherThan(table, candidate, tried, -1) : candidates[candidate]!;
}
