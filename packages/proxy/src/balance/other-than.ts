import type { BalanceTable } from './table.ts';

/**
 * A target near `candidate` that is neither `tried` nor `triedBefore`; if there is no such, one that is not `tried`; and
 * if that is the only one, that one.
 */
export function otherThan(table: BalanceTable, candidate: number, tried: number, triedBefore: number): number {
  const { candidates } = table;
  const count = candidates.length;
  // Neighbours, and not the next turns of a schedule: with weights 100 and 1 those would be the same one many times.
  for (let step = 0; step < count && step < 3; step++) {
    const target = candidates[(candidate + step) % count]!;
    if (target !== tried && target !== triedBefore) return target;
  }
  return triedBefore >= 0 && count > 1 ? otherThan(table, candidate, tried, -1) : candidates[candidate]!;
}
