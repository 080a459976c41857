import { chanceOfClient, HELD_WHOLE, takes } from './held.ts';
import { otherThan } from './other-than.ts';
import type { BalanceTable } from './table.ts';

/** Entries that are looked at behind the client's own one, before all targets are. */
const MAX_STEPS = 64;

/**
 * The Maglev table's target for the key, unless that has as much under way as its bound allows: then the first one behind
 * the key's entry that has less (Mirrokni, Thorup, Zadimoghaddam, "Consistent hashing with bounded loads", 2018). A key
 * that everybody asks for so spreads over as many targets as it takes, and always over the same ones.
 *
 * bound = ceil(factor × (all that is under way + 1) × weight / sum of the weights that are not held back); with
 * factor >= 1 some target that is not held back whole is below its own: what is ejected is not called upon because the
 * others are full. Costs O(n) for n candidates.
 */
export function pickBounded(table: BalanceTable, hash: number, tried: number, triedBefore: number): number {
  const { lookup, candidates, held, slots } = table;
  const perWeight = allowedPerWeight(table);
  const chance = chanceOfClient(hash);
  let entry = hash % lookup.length;
  for (let step = 0; step < MAX_STEPS; step++) {
    const candidate = lookup[entry]!;
    const target = candidates[candidate]!;
    const fits = target !== tried && target !== triedBefore && isBelow(table, candidate, perWeight);
    if (fits && takes(table, candidate, chance)) return target;
    entry = entry + 1 === lookup.length ? 0 : entry + 1;
  }
  const first = lookup[entry]!;
  for (let step = 0, c = first; step < candidates.length; step++) {
    const target = candidates[c]!;
    const isHeld = held[slots[c]!]! >= HELD_WHOLE;
    if (!isHeld && target !== tried && target !== triedBefore && isBelow(table, c, perWeight)) return target;
    if (++c === candidates.length) c = 0;
  }
  return otherThan(table, first, tried, triedBefore);
}

function allowedPerWeight({ loadFactor, load, slots, weights, held }: BalanceTable): number {
  let total = 1;
  let taking = 0;
  for (let c = 0; c < slots.length; c++) {
    const slot = slots[c]!;
    total += load[slot]!;
    taking += weights[c]! * (HELD_WHOLE - held[slot]!);
  }
  return ((loadFactor / 100) * total * HELD_WHOLE) / taking;
}

function isBelow({ load, slots, weights }: BalanceTable, candidate: number, perWeight: number): boolean {
  return load[slots[candidate]!]! < Math.ceil(perWeight * weights[candidate]!);
}
