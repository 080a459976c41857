import { HELD_WHOLE } from './held.ts';
import type { BalanceTable } from './table.ts';

/** How much of what is under way a target should have. */
export interface Share {
  /** Of the target in the service. */
  readonly index: number;
  readonly share: number;
}

/**
 * The shares of all candidates of what they have under way together, by weight, less what is held back from them. Zones
 * are shared out within themselves. Empty with fewer than two candidates.
 */
export function sharesOf(table: BalanceTable): Share[] {
  const { candidates, weights, slots, held, load, elsewhere } = table;
  const others = elsewhere === null ? [] : sharesOf(elsewhere);
  if (candidates.length < 2) return others;
  let total = 0;
  let weight = 0;
  const counts = Array.from(candidates, (index, c) => {
    const slot = slots[c]!;
    const its = weights[c]! * (1 - Atomics.load(held, slot) / HELD_WHOLE);
    total += Atomics.load(load, slot);
    weight += its;
    return { index, its };
  });
  if (weight === 0) return others;
  return [...counts.map(({ index, its }) => ({ index, share: (total * its) / weight })), ...others];
}
