import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { median, pairedRatios, quantile } from '../statistics.ts';
import { asText } from '../table.ts';
import { Arena, VARIANTS, type Variant } from './arena.ts';
import { busyFor, networkThread, ranFor } from './processor-time.ts';

const CPU = 1;
const CONNECTIONS = 32;
const SECONDS = 1;
/** A sample in which others had more of the CPU than this is redone, some times. */
const FOREIGN_LIMIT = 0.05;
const TRIES = 6;
const LOADS = ['a connection per request', 'keep-alive'] as const;
type Load = (typeof LOADS)[number];

interface Sample {
  /** Microseconds of the CPU for each request, of all that takes part. */
  readonly cost: number;
  readonly foreign: number;
}

/** Per load: what the variants may cost, as multiples of others. */
const LIMITS: Record<Load, Partial<Record<Variant, number>>> = {
  'a connection per request': { 'no balancer': 1.2, nftables: 0.85, HAProxy: 0.5 },
  'keep-alive': { 'no balancer': 1.2, nftables: 1, HAProxy: 0.6 },
};

/** Packets through the kernel beside no balancer, nftables and HAProxy, all taking turns on one CPU. */
export async function compare(rounds: number): Promise<void> {
  const arena = await Arena.open(CPU);
  try {
    for (const variant of Object.keys(VARIANTS) as Variant[]) await warm(arena, variant);
    console.log(`gate: others take ${percent(await withHog(arena))} of the CPU beside a deliberate hog`);
    for (const load of LOADS) await measure(arena, load, rounds);
  } finally {
    await arena.close();
  }
}

async function measure(arena: Arena, load: Load, rounds: number): Promise<void> {
  const names = Object.keys(VARIANTS) as Variant[];
  const costs = new Map(names.map((name) => [name, [] as number[]]));
  let redone = 0;
  let disturbed = 0;
  for (let round = 0; round < rounds; round++) {
    for (const name of round % 2 === 0 ? names : names.toReversed()) {
      let sample = await take(arena, name, load);
      for (let tries = 1; sample.foreign > FOREIGN_LIMIT && tries < TRIES; tries++) {
        redone++;
        sample = await take(arena, name, load);
      }
      if (sample.foreign > FOREIGN_LIMIT) disturbed++;
      costs.get(name)!.push(sample.cost);
    }
  }
  console.log(`\n${load}: ${rounds} rounds, ${redone} samples redone, ${disturbed} kept though disturbed\n`);
  const others = ['no balancer', 'nftables', 'HAProxy'] as const;
  const rows = names.map((name) => [
    name,
    median(costs.get(name)!).toFixed(1),
    ...others.map((other) =>
      other === name ? '' : ratio(costs.get(name)!, costs.get(other)!, limitOf(name, load, other)),
    ),
  ]);
  console.log(asText([['', 'µs a request', ...others.map((other) => `× ${other}`)], ...rows]));
}

function limitOf(name: Variant, load: Load, other: Variant): number | undefined {
  return name.startsWith('tcx') ? LIMITS[load][other] : undefined;
}

function ratio(ours: readonly number[], theirs: readonly number[], limit: number | undefined): string {
  const ratios = pairedRatios(ours, theirs);
  const [low, middle, high] = [quantile(ratios, 0.25), median(ratios), quantile(ratios, 0.75)];
  const shown = low <= 1 && high >= 1 ? ', nothing shown' : '';
  const verdict = limit !== undefined && middle > limit ? `, missed ${limit}` : '';
  return `${middle.toFixed(2)} [${low.toFixed(2)} – ${high.toFixed(2)}]${shown}${verdict}`;
}

async function warm(arena: Arena, variant: Variant): Promise<void> {
  for (let tries = 0; ; tries++) {
    await arena.use(variant);
    try {
      arena.client.run('curl', '-sf', '-o', '/dev/null', '--max-time', '2', `http://${VARIANTS[variant]}/`);
      return;
    } catch (error) {
      if (tries === 20) throw error;
    }
  }
}

async function take(arena: Arena, variant: Variant, load: Load): Promise<Sample> {
  await arena.use(variant);
  const fixed = [...arena.processes, networkThread(CPU)];
  const headers = load === 'keep-alive' ? [] : ['-H', 'Connection: close'];
  const wrk = ['wrk', '-t1', `-c${CONNECTIONS}`, `-d${SECONDS}s`, ...headers, `http://${VARIANTS[variant]}/`];
  const pinned = ['taskset', '-c', String(CPU), 'nice', '-n', '-20', ...wrk];
  const [ranBefore, busyBefore, childrenBefore] = [ranFor(fixed), busyFor(CPU), childTime()];
  const said = arena.client.run(...pinned);
  const ours = ranFor(fixed) - ranBefore + childTime() - childrenBefore;
  const busy = busyFor(CPU) - busyBefore;
  const requests = Number(said.match(/(\d+) requests in/)?.[1] ?? 0);
  if (requests === 0) throw new Error(`${variant}: no answers; ${said}`);
  return { cost: ours / 1000 / requests, foreign: Math.max(0, busy - ours) / (SECONDS * 1e9) };
}

/** Of processes that this one has started and seen end, in nanoseconds: the generator of the load. */
function childTime(): number {
  const fields = readFileSync('/proc/self/stat', 'utf8').split(') ')[1].split(' ');
  return (Number(fields[13]) + Number(fields[14])) * 10_000_000;
}

async function withHog(arena: Arena): Promise<number> {
  const hog = spawn('taskset', ['-c', String(CPU), 'nice', '-n', '-20', process.execPath, '-e', 'for (;;);']);
  try {
    return (await take(arena, 'no balancer', 'keep-alive')).foreign;
  } finally {
    hog.kill('SIGKILL');
  }
}

function percent(share: number): string {
  return `${(100 * share).toFixed(0)} %`;
}
