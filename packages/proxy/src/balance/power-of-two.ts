import type { BalanceTable } from './table.ts';
import { pickOfTwo } from './two-choices.ts';

/** Of two targets drawn by weight, the one with less under way per weight. */
export function pickPowerOfTwo(table: BalanceTable, tried: number, triedBefore: number): number {
  return pickOfTwo(table, hasLessPerWeight, 0, tried, triedBefore);
}

function hasLessPerWeight({ load, slots, weights }: BalanceTable, a: number, b: number): boolean {
  // load b / weight b < load a / weight a, without the division.
  return load[slots[b]!]! * weights[a]! < load[slots[a]!]! * weights[b]!;
}
