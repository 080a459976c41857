import { otherThan } from './other-than.ts';
import type { BalanceTable } from './table.ts';

/** The next target of the schedule that all workers share; instead of one that was tried, one beside it. */
export function pickRoundRobin(table: BalanceTable, tried: number, triedBefore: number): number {
  const candidate = nextTurn(table);
  const target = table.candidates[candidate]!;
  return target !== tried && target !== triedBefore ? target : otherThan(table, candidate, tried, triedBefore);
}

/** Takes the next turn of the schedule: a candidate. */
export function nextTurn(table: BalanceTable): number {
  const { sequence } = table;
  const turn = (Atomics.add(table.cursor, 0, 1) - table.start) >>> 0;
  return sequence[turn % sequence.length]!;
}
