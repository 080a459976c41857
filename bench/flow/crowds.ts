import { measureConcurrency } from './concurrency.ts';
import { bodyOfCrowd, bodyOfTable, saveCrowd, saveTable } from './crowd-result.ts';
import { measureTableGrowth } from './flow-table.ts';

export const PARTS = ['l2', 'nat', 'nat-table'] as const;
export type Part = (typeof PARTS)[number];

/** Prints what many live connections cost, and that each meets its own target; with `save` it is kept, part by part. */
export async function measureCrowds(flows: number, parts: readonly Part[], save: boolean): Promise<void> {
  for (const part of parts) {
    const begun = performance.now();
    const seconds = () => Math.round((performance.now() - begun) / 1000);
    const scenario = `flow-crowd-${part}`;
    if (part === 'nat-table') {
      const growth = await measureTableGrowth(flows);
      const title = 'NAT to endpoints that several listeners share, which writes every connection down';
      console.log(`\n${title}\n\n${bodyOfTable(growth)}`);
      if (save) console.log(`saved: ${saveTable({ scenario, title, seconds: seconds(), ...growth })}`);
    } else {
      const found = await measureConcurrency(flows, part);
      const title = `${flows.toLocaleString('en')} live connections through the program at XDP, ${NAMES[part]}`;
      console.log(`\n${title}\n\n${bodyOfCrowd(found)}`);
      if (save) console.log(`saved: ${saveCrowd({ scenario, title, seconds: seconds(), ...found })}`);
    }
  }
}

const NAMES = { l2: 'direct return', nat: 'NAT' };
