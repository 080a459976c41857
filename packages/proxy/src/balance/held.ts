import type { BalanceTable } from './table.ts';

/**
 * What is held back from a target of the traffic that its weight gives it: 0 nothing, `HELD_WHOLE` everything (it is
 * ejected), in between it is starting slowly. One number per target in shared memory (`BalanceTable.held`), written by
 * outlier detection and slow start (see standing/), read by every algorithm at every choice: what changes there holds for
 * all workers at once, without a new table.
 *
 * The rule for all algorithms: each choice has a *chance*, 0 <= chance < HELD_WHOLE, evenly spread over choices, and a
 * candidate takes part in it if `takes(table, candidate, chance)`. A chance that is made of the client's hash lets more
 * and more of the clients come to a target that starts slowly, and none of them leave it again.
 */
export const HELD_WHOLE = 1_024;

const SHIFT = 32 - Math.log2(HELD_WHOLE);

/** Whether the candidate takes part in a choice of this chance. */
export function takes({ held, slots }: BalanceTable, candidate: number, chance: number): boolean {
  return held[slots[candidate]!]! <= chance;
}

/** The chance of the turn of a schedule. Multiples of the golden ratio: any stride of turns is spread evenly (Weyl). */
export function chanceOfTurn(turn: number): number {
  return Math.imul(turn, 0x9e37_79b1) >>> SHIFT;
}

/** The chance of a client, always the same; it has nothing to do with the client's place in a look-up table. */
export function chanceOfClient(hash: number): number {
  return Math.imul(hash ^ (hash >>> 15), 0x85eb_ca6b) >>> SHIFT;
}

/**
 * A candidate from `first` on that takes all that it is given; when there is none, the one from which least is held
 * back; `first` when everything is held back from all.
 */
export function leastHeld({ candidates, held, slots }: BalanceTable, first: number): number {
  const count = candidates.length;
  let best = first;
  for (let step = 0, c = first; step < count; step++) {
    const itsHeld = held[slots[c]!]!;
    if (itsHeld === 0) return c;
    if (itsHeld < held[slots[best]!]!) best = c;
    if (++c === count) c = 0;
  }
  return best;
}
