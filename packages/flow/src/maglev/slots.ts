import { fillMaglev, type MaglevTarget } from '@evenkeel/model/hashing/maglev.ts';

/** Slots of every table, the same as in the kernel (bpf/consts.h). */
export const SLOTS = 65_537;

/** A target of a service, under the number that the kernel knows it by (1 … 32,767; 0 is nobody). */
export interface NumberedTarget extends MaglevTarget {
  readonly number: number;
}

/**
 * The table of a service: 65,537 numbers of targets. Names and weights alone decide which slots a target has, so nodes
 * that number targets differently still send a flow to the same one. A target of weight 0 has none; with no other
 * target all slots are 0.
 */
export function buildSlots(targets: readonly NumberedTarget[]): Uint16Array {
  const slots = new Uint16Array(SLOTS);
  const willing = targets.filter((target) => target.weight > 0);
  if (willing.length === 0) return slots;
  fillMaglev(slots, willing);
  for (let slot = 0; slot < SLOTS; slot++) slots[slot] = willing[slots[slot]!]!.number;
  return slots;
}
