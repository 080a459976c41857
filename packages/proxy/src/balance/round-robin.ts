import { chanceOfTurn, leastHeld, takes } from './held.ts';
import { otherThan } from './other-than.ts';
import type { BalanceTable } from './table.ts';

/** Turns that are passed on, at most, before a choice that is held back falls to a neighbour. */
const MAX_PASSED = 16;

/** The next target of the schedule that all workers share; instead of one that was tried, one beside it. */
export function pickRoundRobin(table: BalanceTable, tried: number, triedBefore: number): number {
  const candidate = nextTurn(table);
  const target = table.candidates[candidate]!;
  return target !== tried && target !== triedBefore ? target : otherThan(table, candidate, tried, triedBefore);
}

/**
 * Takes the next turn of the schedule: a candidate. One that does not take its turn leaves it to the next one, so that
 * the others share it as they share the rest.
 */
export function nextTurn(table: BalanceTable): number {
  const { cursor, sequence, start } = table;
  let candidate = -1;
  for (let passed = 0; passed < MAX_PASSED; passed++) {
    const turn = (Atomics.add(cursor, 0, 1) - start) >>> 0;
    candidate = sequence[turn % sequence.length]!;
    if (takes(table, candidate, chanceOfTurn(turn))) return candidate;
  }
  return leastHeld(table, candidate);
}
