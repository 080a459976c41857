import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { setImmediate as turn } from 'node:timers/promises';
import type { KernelMap } from '@evenkeel/flow/loader/kernel-map.ts';
import { usePinned } from '@evenkeel/flow/loader/pins.ts';

const MAP = 'exceptions';
/** Where the entry of a flow says when it was last seen, in seconds since the machine started. */
const SEEN_AT = 4;
/** Of the room: the kernel makes room for new entries a little before the last place is taken. */
const FILLED = 15 / 16;

export interface CarriedOver {
  readonly carried: number;
  readonly forgotten: number;
}

/**
 * Flows that are written down in maps of `folder` that are not `ours`, since there is room for another number of them now:
 * they are put into the map of ours, those that were seen last where not all fit. What is there already stays. Others have
 * their turn in between; about 2 µs a flow.
 */
export async function carryOverFlows(folder: string, pins: ReadonlySet<string>, ours: KernelMap): Promise<CarriedOver> {
  const total = { carried: 0, forgotten: 0 };
  const others = readdirSync(folder).filter((name) => name === MAP || name.startsWith(`${MAP}-`));
  for (const pin of others.map((name) => join(folder, name)).filter((path) => !pins.has(path))) {
    const { carried, forgotten } = await usePinned(pin, (map) => copy(map, ours));
    total.carried += carried;
    total.forgotten += forgotten;
  }
  return total;
}

async function copy(from: KernelMap, to: KernelMap): Promise<CarriedOver> {
  const total = { carried: 0, forgotten: 0 };
  const isSame = from.shape.keySize === to.shape.keySize && from.shape.valueSize === to.shape.valueSize;
  const oldest = isSame ? await oldestThatFits(from, Math.floor(to.shape.maxEntries * FILLED)) : Infinity;
  for (const batch of from.batches()) {
    for (const { key, value } of batch) {
      if (!isSame || value.readUInt32LE(SEEN_AT) < oldest) total.forgotten++;
      else if (to.add(key, value)) total.carried++;
    }
    await turn();
  }
  return total;
}

/** The second since which so many flows at the most were seen. */
async function oldestThatFits(map: KernelMap, room: number): Promise<number> {
  const seen = new Map<number, number>();
  for (const batch of map.batches()) {
    for (const { value } of batch) {
      const second = value.readUInt32LE(SEEN_AT);
      seen.set(second, (seen.get(second) ?? 0) + 1);
    }
    await turn();
  }
  let left = room;
  for (const [second, flows] of [...seen].sort(([a], [b]) => b - a)) {
    left -= flows;
    if (left < 0) return second + 1;
  }
  return 0;
}
