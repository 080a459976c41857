import { execFileSync } from 'node:child_process';
import { median, pairedRatios, quantile } from '../statistics.ts';
import { asText } from '../table.ts';
import { Arena, VARIANTS, type Variant } from './arena.ts';
import { type Flood, measureFlood } from './flood.ts';
import { type FlowResult, saveComparison } from './results.ts';
import { CPU, LOADS, type Load, Sampler } from './sampler.ts';

/** Milliseconds: rounds end early rather than late. */
const BUDGET = 9 * 60_000;
/** Of it, what is kept for the flood. */
const FLOOD_TIME = 60_000;
/** Of ours; for the rest, ratios are only told. */
const JUDGED: readonly Variant[] = ['tcx, L2', 'tcx, NAT'];
const OTHERS = ['no balancer', 'nftables', 'HAProxy'] as const;

/** Per load: what ours may cost, as multiples of others. Bulk: nine tenths of the throughput. */
const LIMITS: Record<Load, Partial<Record<Variant, number>>> = {
  'a connection per request': { 'no balancer': 1.2, nftables: 0.85, HAProxy: 0.5 },
  'keep-alive': { 'no balancer': 1.2, nftables: 1, HAProxy: 0.6 },
  'bulk up': { 'no balancer': 1 / 0.9 },
  'bulk down': { 'no balancer': 1 / 0.9 },
};
const UNITS: Record<Load, string> = {
  'a connection per request': 'µs of CPU a request',
  'keep-alive': 'µs of CPU a request',
  'bulk up': 'ms a gigabit',
  'bulk down': 'ms a gigabit',
};

/** What one variant costs beside another: quartiles of the ratios of single rounds. */
export interface Ratio {
  readonly variant: Variant;
  readonly to: Variant;
  readonly low: number;
  readonly middle: number;
  readonly high: number;
  /** null: it is only told. */
  readonly limit: number | null;
}

export interface ComparedLoad {
  readonly load: Load;
  readonly unit: string;
  readonly rounds: number;
  readonly samples: Readonly<Record<string, readonly number[]>>;
  readonly ratios: readonly Ratio[];
}

/** Packets through the kernel beside no balancer, nftables and HAProxy, all taking turns on one CPU; then a flood. */
export async function compare(rounds: number, save: boolean): Promise<void> {
  // What measures is not on the CPU that is measured.
  execFileSync('taskset', ['-pc', '0', String(process.pid)]);
  const begun = performance.now();
  const arena = await Arena.open(CPU);
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.once(signal, () => void arena.close().finally(() => process.exit(1)));
  }
  try {
    const sampler = new Sampler(arena, begun + BUDGET - 2 * FLOOD_TIME);
    for (const variant of Object.keys(VARIANTS) as Variant[]) await warm(arena, variant);
    const [quiet, gate] = [await sampler.quiet(), await sampler.withHog()];
    console.log(`gate: others take ${percent(quiet)} of the CPU, and ${percent(gate)} beside a deliberate hog`);
    if (gate < 0.2) throw new Error('the gate does not see a process that takes the CPU: no sample could be trusted');
    const samples = await takeRounds(sampler, rounds, begun + BUDGET - FLOOD_TIME);
    const loads = LOADS.map((load) => judge(load, samples));
    for (const load of loads) print(load);
    console.log(`\n${sampler.redone} samples redone, ${sampler.disturbed} kept though disturbed`);
    const floods = await measureFlood(arena, sampler);
    for (const flood of floods) console.log(floodLine(flood));
    const seconds = Math.round((performance.now() - begun) / 1000);
    console.log(`\n${seconds} s`);
    const { redone, disturbed } = sampler;
    const result: Omit<FlowResult, 'finished' | 'machine' | 'version'> = {
      scenario: 'flow-compare',
      title: 'Packets in the kernel beside no balancer, nftables and HAProxy, everything on one CPU',
      seconds,
      quiet,
      gate,
      redone,
      disturbed,
      loads,
      floods,
    };
    if (save) console.log(`saved: ${saveComparison(result)}`);
  } finally {
    await arena.close();
  }
}

/** A flow in bulk comes in few, large packets: how these get to a container hardly shows. */
function variantsOf(load: Load): readonly Variant[] {
  const names = Object.keys(VARIANTS) as Variant[];
  return load.startsWith('bulk') ? names.filter((name) => !name.endsWith('by device')) : names;
}

type Samples = ReadonlyMap<Load, ReadonlyMap<Variant, number[]>>;

/** All variants and loads take turns; no round begins that would not end in time. */
async function takeRounds(sampler: Sampler, rounds: number, deadline: number): Promise<Samples> {
  const samples = new Map(LOADS.map((load) => [load, new Map(variantsOf(load).map((name) => [name, [] as number[]]))]));
  let longest = 0;
  for (let round = 0; round < rounds; round++) {
    const begun = performance.now();
    if (round > 0 && begun + longest > deadline) {
      console.log(`the time is over after ${round} of ${rounds} rounds`);
      break;
    }
    for (const load of LOADS) {
      const names = variantsOf(load);
      for (const name of round % 2 === 0 ? names : names.toReversed()) {
        samples
          .get(load)!
          .get(name)!
          .push((await sampler.take(name, load)).cost);
      }
    }
    longest = Math.max(longest, performance.now() - begun);
    console.error(`round ${round + 1}: ${Math.round((performance.now() - begun) / 1000)} s`);
  }
  return samples;
}

function judge(load: Load, all: Samples): ComparedLoad {
  const samples = all.get(load)!;
  const ratios = [...samples.keys()].flatMap((variant) =>
    OTHERS.filter((to) => to !== variant).map((to): Ratio => {
      const between = pairedRatios(samples.get(variant)!, samples.get(to)!);
      return {
        variant,
        to,
        low: quantile(between, 0.25),
        middle: median(between),
        high: quantile(between, 0.75),
        limit: (JUDGED.includes(variant) ? LIMITS[load][to] : undefined) ?? null,
      };
    }),
  );
  const rounds = samples.get('no balancer')!.length;
  return { load, unit: UNITS[load], rounds, samples: Object.fromEntries(samples), ratios };
}

function print({ load, unit, rounds, samples, ratios }: ComparedLoad): void {
  const rows = Object.entries(samples).map(([name, costs]) => [
    name,
    median(costs).toFixed(1),
    ...OTHERS.map((to) => {
      const found = ratios.find((ratio) => ratio.variant === name && ratio.to === to);
      return found === undefined ? '' : ratioText(found);
    }),
  ]);
  console.log(`\n${load}: ${rounds} rounds\n`);
  console.log(asText([['', unit, ...OTHERS.map((to) => `× ${to}`)], ...rows]));
}

export function ratioText({ low, middle, high, limit }: Ratio): string {
  const shown = low <= 1 && high >= 1 ? ', nothing shown' : '';
  const verdict = limit !== null && middle > limit ? `, missed ${limit.toFixed(2)}` : '';
  return `${middle.toFixed(2)} [${low.toFixed(2)} – ${high.toFixed(2)}]${shown}${verdict}`;
}

export function floodLine({ where, framesPerSecond, low, middle, high, limit }: Flood): string {
  const verdict = limit === null ? '' : middle < limit ? `, missed ${limit}` : `, limit ${limit}`;
  const frames = `${(framesPerSecond / 1e6).toFixed(2)} million denied frames a second`;
  return `flood, ${where}: ${frames}; requests × ${middle.toFixed(2)} [${low.toFixed(2)} – ${high.toFixed(2)}]${verdict}`;
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

function percent(share: number): string {
  return `${(100 * share).toFixed(0)} %`;
}
