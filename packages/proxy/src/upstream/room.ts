import { HELD_WHOLE } from '../balance/held.ts';
import type { BalanceTable } from '../balance/table.ts';
import type { Target } from './target.ts';

/** Entries of a look-up table that are tried behind a client's own one, before the least loaded target is taken. */
const MAX_STEPS = 64;

/**
 * Index of a target with room, for a client whose target is full: for services that go by a key, the next one of the
 * key; else the one with the least under way per weight. Targets elsewhere come after those of the own zone, and those
 * that were tried not at all. -1: there is none.
 */
export function findRoom(
  table: BalanceTable,
  targets: readonly Target[],
  hash: number,
  tried: number,
  triedBefore: number,
): number {
  const { lookup, candidates, elsewhere } = table;
  const usable = (candidate: number): boolean => {
    const index = candidates[candidate]!;
    if (index === tried || index === triedBefore) return false;
    return table.held[table.slots[candidate]!]! < HELD_WHOLE && targets[index]!.hasRoom;
  };
  for (let step = 0, entry = hash % lookup.length; step < MAX_STEPS && lookup.length > 0; step++) {
    if (usable(lookup[entry]!)) return candidates[lookup[entry]!]!;
    entry = entry + 1 === lookup.length ? 0 : entry + 1;
  }
  const least = leastLoaded(table, usable);
  if (least >= 0) return candidates[least]!;
  return elsewhere === null ? -1 : findRoom(elsewhere, targets, hash, tried, triedBefore);
}

function leastLoaded({ candidates, slots, weights, load }: BalanceTable, usable: (candidate: number) => boolean) {
  let least = -1;
  for (let c = 0; c < candidates.length; c++) {
    const isLess = least < 0 || load[slots[c]!]! * weights[least]! < load[slots[least]!]! * weights[c]!;
    if (isLess && usable(c)) least = c;
  }
  return least;
}
