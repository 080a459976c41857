import { setTimeout as sleep } from 'node:timers/promises';
import { openIdleClients } from '@evenkeel/testbed/load/idle-clients.ts';
import { readSlowly, type SlowReader } from '@evenkeel/testbed/load/slow-reader.ts';
import type { RunningBalancer } from '../balancers/balancer.ts';
import type { Bench, Scenario } from '../bench.ts';
import { wrk } from '../load/wrk.ts';
import type { Round } from '../metrics.ts';
import { PATHS } from '../origin.ts';
import { residentBytes } from '../process/memory.ts';
import { loadCore, onStage, type Stage } from '../stage.ts';
import { median } from '../statistics.ts';
import type { Rounds } from '../verdict.ts';

const KIB = 1024;
const MIB = 1024 * 1024;
const CONNECTIONS = 10_000;
const QUICK_CONNECTIONS = 1_000;
const DOWNLOAD_SECONDS = 30;
const QUICK_SECONDS = 5;
const BYTES_PER_SECOND = 1_000_000;
/** What is resident is sampled this often over `SETTLE_SECONDS`, and the median taken. */
const SAMPLE_MILLISECONDS = 250;
const SETTLE_SECONDS = 3;

export const memory: Scenario = {
  name: 'memory',
  title:
    'Resident memory of the whole process. Idle connections: 10,000 clients that have sent one request each and stay. ' +
    `Download: the first ${DOWNLOAD_SECONDS} s of a 1 GB response to a reader of 1 MB/s; the movement is the largest ` +
    'rise in that time, and for comparison in as many seconds at rest just before.',
  targets: [
    { metric: 'bytesPerIdleConnection', kind: 'absolute', limit: 16 },
    { metric: 'downloadMovement', kind: 'absolute', limit: 1024 },
  ],
  async run(bench: Bench): Promise<Rounds> {
    const rounds = new Map<string, Round[]>(bench.balancers.map((balancer) => [balancer.name, []]));
    for (let round = 1; round <= memoryRounds(bench); round += 1) {
      // A fresh start for each round: memory that was touched once stays with a process.
      await onStage(bench, bench.balancers, async (stage) => {
        await warmUp(bench, stage);
        const downloads = await measureDownloads(bench, stage);
        for (const [name, balancer] of stage.balancers) {
          const idle = await measureIdle(bench, balancer);
          rounds.get(name)?.push({ ...idle, ...downloads.get(name) });
        }
      });
      bench.say(`round ${round} of ${memoryRounds(bench)}`);
    }
    return rounds;
  },
};

function memoryRounds(bench: Bench): number {
  return Math.min(3, bench.settings.rounds);
}

/** What is compiled at run time, and compiled anew when connections have ended, takes memory once. */
async function warmUp(bench: Bench, stage: Stage): Promise<void> {
  for (const { address, port } of stage.balancers.values()) {
    for (const path of [PATHS.small, PATHS.small, PATHS.small, PATHS.large]) {
      await wrk({ url: `http://${address}:${port}${path}`, connections: 64, seconds: 3, core: loadCore(bench) });
    }
  }
}

async function measureIdle(bench: Bench, balancer: RunningBalancer): Promise<Round> {
  const count = bench.settings.quick ? QUICK_CONNECTIONS : CONNECTIONS;
  const before = median(await sample(balancer, SETTLE_SECONDS));
  const clients = await openIdleClients({ ...balancer, path: PATHS.small, count });
  const during = median(await sample(balancer, SETTLE_SECONDS));
  const open = clients.open;
  clients.close();
  if (open < count) throw new Error(`${count - open} of ${count} idle connections did not stay open`);
  return { residentAtRest: before / MIB, bytesPerIdleConnection: (during - before) / count / KIB };
}

/** All balancers at once, since a slow download costs next to no CPU time; first at rest, then with one download each. */
async function measureDownloads(bench: Bench, stage: Stage): Promise<Map<string, Round>> {
  const seconds = bench.settings.quick ? QUICK_SECONDS : DOWNLOAD_SECONDS;
  const atRest = await movements(stage, seconds);
  const readers = [...stage.balancers].map(([name, { address, port }]) => ({
    name,
    reader: readSlowly({ address, port, path: PATHS.huge, bytesPerSecond: BYTES_PER_SECOND }),
  }));
  try {
    const downloading = await movements(stage, seconds);
    for (const { name, reader } of readers) assertSteady(name, reader, seconds);
    return new Map(
      readers.map(({ name }) => [
        name,
        { restMovement: atRest.get(name) ?? Number.NaN, downloadMovement: downloading.get(name) ?? Number.NaN },
      ]),
    );
  } finally {
    for (const { reader } of readers) reader.close();
  }
}

/** By how many KiB the memory of each balancer grows during the coming seconds, see `growth`. */
async function movements(stage: Stage, seconds: number): Promise<Map<string, number>> {
  const moved = [...stage.balancers].map(async ([name, balancer]) => {
    const samples = [residentBytes(balancer.pids()), ...(await sample(balancer, seconds))];
    return [name, growth(samples) / KIB] as const;
  });
  return new Map(await Promise.all(moved));
}

/** The largest rise from any sample to a later one: a fall in between, such as garbage collected, hides nothing. */
function growth(samples: readonly number[]): number {
  let lowest = Number.POSITIVE_INFINITY;
  let largest = 0;
  for (const bytes of samples) {
    lowest = Math.min(lowest, bytes);
    largest = Math.max(largest, bytes - lowest);
  }
  return largest;
}

async function sample(balancer: RunningBalancer, seconds: number): Promise<number[]> {
  const samples: number[] = [];
  for (let left = seconds * 1000; left > 0; left -= SAMPLE_MILLISECONDS) {
    await sleep(SAMPLE_MILLISECONDS);
    samples.push(residentBytes(balancer.pids()));
  }
  return samples;
}

function assertSteady(name: string, reader: SlowReader, seconds: number): void {
  if (reader.ended !== null) throw new Error(`the download through ${name} broke off: ${reader.ended}`);
  if (reader.bytes < 0.9 * seconds * BYTES_PER_SECOND) throw new Error(`${name} delivered only ${reader.bytes} bytes`);
}
