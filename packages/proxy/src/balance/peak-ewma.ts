import { costOf } from './latency.ts';
import type { BalanceTable } from './table.ts';
import { pickOfTwo } from './two-choices.ts';

/** Of two targets drawn by weight, the one where a request is likely to be answered sooner. `now` is wall time. */
export function pickPeakEwma(table: BalanceTable, now: number, tried: number, triedBefore: number): number {
  return pickOfTwo(table, isFaster, now, tried, triedBefore);
}

function isFaster(table: BalanceTable, a: number, b: number, now: number): boolean {
  return cost(table, b, now) < cost(table, a, now);
}

/** What is under way counts per weight: a target of twice the weight carries twice as much in the same time. */
function cost({ latencies, load, slots, weights, meanWeight }: BalanceTable, candidate: number, now: number): number {
  const slot = slots[candidate]!;
  return costOf(latencies, slot, (load[slot]! * meanWeight) / weights[candidate]!, now);
}
