import { mixed } from '@evenkeel/model/hashing/murmur3.ts';
import { chanceOfTurn, leastHeld, takes } from './held.ts';
import { otherThan } from './other-than.ts';
import type { BalanceTable } from './table.ts';

/** Lots that are drawn for one place, before another candidate is taken without a draw. */
const MAX_DRAWS = 8;

/**
 * The better of two targets drawn at random, by weight: nearly as even as the least loaded of all, at the price of two,
 * and without all workers turning to the same target at the same moment (Mitzenmacher, "The power of two choices in
 * randomized load balancing", 2001). `isBetter(table, a, b, now)`: candidate b is better than candidate a.
 *
 * Lots are drawn from the schedule of the weighted round robin, by a number made of the picks so far: a target has as
 * many lots as its weight, so an idle service is balanced by weight. A lot whose target does not take part in the choice
 * is drawn again.
 */
export function pickOfTwo(
  table: BalanceTable,
  isBetter: Comparison,
  now: number,
  tried: number,
  triedBefore: number,
): number {
  const { candidates } = table;
  const turn = Atomics.add(table.cursor, 0, 1) >>> 0;
  const first = draw(table, turn, -1);
  const second = draw(table, turn ^ 0x5bd1_e995, first);
  const swap = isBetter(table, first, second, now);
  const better = swap ? second : first;
  const target = candidates[better]!;
  if (target !== tried && target !== triedBefore) return target;
  const other = candidates[swap ? first : second]!;
  if (other !== tried && other !== triedBefore) return other;
  return otherThan(table, better, tried, triedBefore);
}

export type Comparison = (table: BalanceTable, a: number, b: number, now: number) => boolean;

/** A candidate that is not `other`, if there is one. */
function draw(table: BalanceTable, seed: number, other: number): number {
  const { candidates, sequence } = table;
  let lot = seed;
  for (let drawn = 0; drawn < MAX_DRAWS; drawn++) {
    lot = mixed(lot);
    const candidate = sequence[lot % sequence.length]!;
    // The lot itself is spread evenly; another part of it decides whether the candidate takes part.
    if (candidate !== other && takes(table, candidate, chanceOfTurn(lot >>> 7))) return candidate;
  }
  const near = sequence[lot % sequence.length]!;
  const start = near === other && near + 1 < candidates.length ? near + 1 : near === other ? 0 : near;
  return leastHeld(table, start);
}
