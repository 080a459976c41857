import { type Generation, isUnsettled } from '@evenkeel/flow/maglev/generations.ts';
import type { SlotAges } from '@evenkeel/flow/maglev/unsettled.ts';

/** A table of another node, in our numbers, and since when its slots have been unsettled there, on our clock. */
export interface ToldAges {
  readonly table: Generation;
  /** By slot; 0: that is not told. The slot may have changed between the look at the table and that at the ages. */
  readonly since: Float64Array;
}

export function toldAges(table: Generation, { ages, slots }: SlotAges, now: number): ToldAges {
  return { table, since: Float64Array.from(slots, (index) => (index === 0 ? 0 : now - ages[index - 1]!)) };
}

/**
 * Since when a slot of our table has been unsettled, as the other node has seen it; null: it says nothing of that. Only where
 * both owe flows to the same previous target it is the same change.
 */
export function sinceIn(ours: Generation, { table, since }: ToldAges): (slot: number) => number | null {
  return (slot) => {
    const isSame = isUnsettled(table[slot]!) && table[slot]! >>> 16 === ours[slot]! >>> 16;
    return isSame && since[slot] !== 0 ? since[slot]! : null;
  };
}
