import { chanceOfClient, takes } from './held.ts';
import { otherThan } from './other-than.ts';
import type { BalanceTable } from './table.ts';

/** Entries that are looked at for another target before the search ends beside the one that was tried. */
const MAX_STEPS = 64;

/** From one entry that is looked at to the next: far, as targets of low weight may lie in rows. */
const STEP = 0x9e37_79b1;

/**
 * The Maglev table's target for the client. When that one was tried, or does not take this client now, the first other
 * one in a walk from the client's entry: the clients of a target that fails spread over all others by weight, and the
 * same client comes to the same one again.
 */
export function pickSourceIp(table: BalanceTable, clientHash: number, tried: number, triedBefore: number): number {
  const { lookup, candidates } = table;
  const chance = chanceOfClient(clientHash);
  let entry = clientHash % lookup.length;
  for (let step = 1; step <= MAX_STEPS; step++) {
    const candidate = lookup[entry]!;
    const target = candidates[candidate]!;
    if (target !== tried && target !== triedBefore && takes(table, candidate, chance)) return target;
    entry = ((clientHash + Math.imul(step, STEP)) >>> 0) % lookup.length;
  }
  return otherThan(table, lookup[entry]!, tried, triedBefore);
}
