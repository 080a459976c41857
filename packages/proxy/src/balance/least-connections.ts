import { HELD_WHOLE } from './held.ts';
import { otherThan } from './other-than.ts';
import { nextTurn } from './round-robin.ts';
import type { BalanceTable } from './table.ts';

/**
 * The target with the least load per weight. The scan begins at the weighted round robin's next turn, which so
 * decides between equals: an idle service is balanced by round robin.
 *
 * Exact and O(n). Loads are read without a lock: they are never wrong, but another worker may be about to add to them.
 */
export function pickLeastConnections(table: BalanceTable, tried: number, triedBefore: number): number {
  const { candidates, weights, slots, load, held } = table;
  const count = candidates.length;
  const first = nextTurn(table);
  let best = -1;
  // 1 / 0: more than any load per weight, so that the first target that is looked at takes its place.
  let bestLoad = 1;
  let bestWeight = 0;
  for (let step = 0, c = first; step < count; step++) {
    const target = candidates[c]!;
    const itsHeld = held[slots[c]!]!;
    const itsLoad = load[slots[c]!]!;
    const itsWeight = weights[c]!;
    const isFirst = c === first;
    if (++c === count) c = 0;
    // itsLoad / itsWeight >= bestLoad / bestWeight, without the division; below 2^31 × 100, so exact.
    if (itsLoad * bestWeight >= bestLoad * itsWeight) continue;
    if (target === tried || target === triedBefore) continue;
    // One that starts slowly is chosen in its own turns alone, which are as many as it may take.
    if (itsHeld > 0 && (!isFirst || itsHeld === HELD_WHOLE)) continue;
    best = target;
    bestLoad = itsLoad;
    bestWeight = itsWeight;
  }
  return best >= 0 ? best : otherThan(table, first, tried, triedBefore);
}
