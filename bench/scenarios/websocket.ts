import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { RunningBalancer } from '../balancers/balancer.ts';
import type { Bench, Scenario } from '../bench.ts';
import type { LoadResult } from '../load/wrk.ts';
import { measureLoad } from '../measure.ts';
import type { Round } from '../metrics.ts';
import { run } from '../process/children.ts';
import { residentBytes } from '../process/memory.ts';
import { loadCore, onStage, type Stage } from '../stage.ts';
import { median } from '../statistics.ts';
import type { Rounds } from '../verdict.ts';
import { openIdleTunnels } from '../websocket/idle-tunnels.ts';
import { PAYLOAD } from '../websocket/messages.ts';

const LOAD = fileURLToPath(new URL('../websocket/load.ts', import.meta.url));
const KIB = 1024;
const CONNECTIONS = 64;
const WARM_UP_SECONDS = 3;
const IDLE = 4_000;
const QUICK_IDLE = 500;
/** What is resident is sampled so often before and after, and the median taken. */
const SAMPLES = 8;
const SAMPLE_MILLISECONDS = 250;

/** The configuration of nginx that all other scenarios share passes no Upgrade on. */
const PEERLESS = 'nginx';

export const websocket: Scenario = {
  name: 'websocket',
  title:
    `WebSocket messages of ${PAYLOAD} bytes on ${CONNECTIONS} connections, each answered by one of the same size; a ` +
    '"request" is one message there and one back. Memory: 4,000 idle WebSocket connections that have carried one message.',
  targets: [
    { metric: 'cpuPerRequest', kind: 'ratio', against: 'haproxy', limit: 0.7 },
    { metric: 'bytesPerTunnel', kind: 'absolute', limit: 32 },
    { metric: 'errors', kind: 'absolute', limit: 0 },
  ],
  run: (bench) => {
    const balancers = bench.balancers.filter(({ name }) => name !== PEERLESS);
    return onStage(bench, balancers, (stage) => takeTurns(bench, stage), 'websocket');
  },
};

async function takeTurns(bench: Bench, stage: Stage): Promise<Rounds> {
  const rounds = new Map<string, Round[]>([...stage.balancers.keys()].map((name) => [name, []]));
  // Before any load: memory that was touched once stays with a process.
  const memory = new Map<string, Round>();
  for (const [name, balancer] of stage.balancers) memory.set(name, await measureIdle(bench, balancer));
  for (const balancer of stage.balancers.values()) await load(bench, balancer, WARM_UP_SECONDS);
  for (let round = 1; round <= bench.settings.rounds; round += 1) {
    for (const [name, balancer] of stage.balancers) {
      const { gigabytesPerCpuSecond, gigabytesPerSecond, ...measured } = await measureLoad(stage, balancer, () =>
        load(bench, balancer, bench.settings.seconds),
      );
      rounds.get(name)?.push({ ...measured, ...(round === 1 ? memory.get(name) : {}) });
    }
    bench.say(`round ${round} of ${bench.settings.rounds}`);
  }
  return rounds;
}

async function load(bench: Bench, { address, port }: RunningBalancer, seconds: number): Promise<LoadResult> {
  const command = [process.execPath, LOAD, address, String(port), String(CONNECTIONS), String(seconds)];
  const output = await run(command, { core: loadCore(bench) });
  const line = /^result (\{.*\})$/m.exec(output)?.[1];
  if (line === undefined) throw new Error(`the load gave no result: ${output}`);
  return JSON.parse(line) as LoadResult;
}

async function measureIdle(bench: Bench, balancer: RunningBalancer): Promise<Round> {
  const count = bench.settings.quick ? QUICK_IDLE : IDLE;
  const before = await resident(balancer);
  const tunnels = await openIdleTunnels(balancer.address, balancer.port, count);
  const during = await resident(balancer);
  const { open } = tunnels;
  tunnels.close();
  if (open < count) throw new Error(`${count - open} of ${count} idle tunnels did not stay open`);
  return { bytesPerTunnel: (during - before) / count / KIB };
}

async function resident(balancer: RunningBalancer): Promise<number> {
  const samples: number[] = [];
  for (let left = SAMPLES; left > 0; left -= 1) {
    await sleep(SAMPLE_MILLISECONDS);
    samples.push(residentBytes(balancer.pids()));
  }
  return median(samples);
}
