import type { Mode } from '../../packages/flow/src/datapath/layout.ts';
import { median } from '../statistics.ts';
import { asText } from '../table.ts';
import { Crowd, type Pass } from './crowd.ts';

const TARGETS = 11;
const FEW = 100_000;
/** Packets per sample with few flows, so that it lasts as long as a look at a clock is exact. */
const FEW_TIMES = 50;
/** Before all flows have their turn, and as many after it: the machine is not always equally fast. */
const SAMPLES = 3;
/** How much a packet may cost more with all flows than with few. */
const LIMIT = 1.3;
const MEBIBYTE = 1024 * 1024;

/** All of `flows` live connections through the real program, before, while and after a target is added and a node replaced. */
export async function measureConcurrency(flows: number, modes: readonly Mode[]): Promise<void> {
  for (const mode of modes) await measure(flows, mode);
}

async function measure(flows: number, mode: Mode): Promise<void> {
  const passes: { readonly what: string; readonly pass: Pass; readonly written: number; readonly bytes: number }[] = [];
  // A twelfth of the slots changes with the eleventh target, some more by Maglev's own moves.
  const exceptions = Math.max(65_536, Math.ceil(flows / 6));
  const small = Crowd.load(FEW, TARGETS, 65_536, mode);
  const crowd = Crowd.load(flows, TARGETS, exceptions, mode);
  let replacement: Crowd | null = null;
  try {
    const add = (what: string, pass: Pass, node = crowd) => {
      passes.push({ what, pass, ...node.state() });
      // Each takes a while.
      console.error(`${mode}, ${what}: ${pass.nanoseconds} ns with the crowd itself, ${pass.wrong} wrong`);
    };
    await small.begin();
    small.run('SYN');
    await crowd.begin();
    add('each flow begins', crowd.run('SYN'));
    const idle = crowd.run('idle').nanoseconds;
    const costs = costsOfFew(small);
    add('a packet of each', crowd.run('ACK'));
    costs.push(...costsOfFew(small));
    console.error(`${mode}, ${count(FEW)} flows: ${costs} ns; the crowd itself: ${idle} ns`);
    const changed = await crowd.addTarget();
    add(`a target added, ${(100 * changed).toFixed(1)} % of slots change`, crowd.run('ACK'));
    add('again', crowd.run('ACK'));
    await crowd.settle();
    add('the table has settled', crowd.run('ACK'));
    replacement = Crowd.load(flows, TARGETS, exceptions, mode);
    await replacement.replace(crowd);
    add('another node in its place', replacement.run('ACK'), replacement);
    const few = median(costs);
    const rows = passes.map(({ what, pass, written, bytes }) => {
      const net = pass.nanoseconds - idle;
      return [what, `${net}`, (net / few).toFixed(2), count(pass.wrong), count(written), (bytes / MEBIBYTE).toFixed(1)];
    });
    const verdict = passes[1].pass.nanoseconds - idle <= LIMIT * few ? '' : ', missed';
    console.log(`\n${mode}: ${count(flows)} flows; the crowd itself costs ${idle} ns a packet, which are subtracted`);
    console.log(`${count(FEW)} flows: ${few} ns a packet (limit for all of them ${LIMIT} ×${verdict})\n`);
    console.log(asText([['', 'ns', `× ${count(FEW)}`, 'at another target', 'written down', 'MiB of state'], ...rows]));
  } finally {
    small.close();
    crowd.close();
    replacement?.close();
  }
}

/** Nanoseconds a packet in unchanged slots, some samples of it. */
function costsOfFew(few: Crowd): number[] {
  return Array.from({ length: SAMPLES }, () => {
    const idle = few.run('idle', FEW_TIMES).nanoseconds;
    return few.run('ACK', FEW_TIMES).nanoseconds - idle;
  });
}

function count(number: number): string {
  return number.toLocaleString('en');
}
