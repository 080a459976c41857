import { otherThan } from './other-than.ts';
import type { BalanceTable } from './table.ts';

/** Entries that are looked at for another target before the search ends beside the one that was tried. */
const MAX_STEPS = 64;

/**
 * The Maglev table's target for the client. When that one was tried, the first other one behind the client's entry: the
 * clients of a target that fails spread over all others, and the same client comes to the same one again.
 */
export function pickSourceIp(table: BalanceTable, clientHash: number, tried: number, triedBefore: number): number {
  const { lookup, candidates } = table;
  let entry = clientHash % lookup.length;
  for (let step = 0; step < MAX_STEPS; step++) {
    const target = candidates[lookup[entry]!]!;
    if (target !== tried && target !== triedBefore) return target;
    entry = entry + 1 === lookup.length ? 0 : entry + 1;
  }
  return otherThan(table, lookup[entry]!, tried, triedBefore);
}
