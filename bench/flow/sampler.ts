import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { type Arena, BULK_PORT, VARIANTS, type Variant } from './arena.ts';
import { busyFor, networkThread, ranFor } from './processor-time.ts';

/** All that takes part runs here; what measures does not. */
export const CPU = 1;
const CONNECTIONS = 32;
const SECONDS = 1;
/** A sample in which others had more of the CPU than this is redone, some times. */
const FOREIGN_LIMIT = 0.05;
const TRIES = 6;

export const LOADS = ['a connection per request', 'keep-alive', 'bulk up', 'bulk down'] as const;
export type Load = (typeof LOADS)[number];

export interface Sample {
  /** Microseconds of the CPU for each request, of all that takes part; for bulk, milliseconds for each gigabit. */
  readonly cost: number;
  /** Requests in a second. */
  readonly rate: number;
  /** Share of the CPU that others had. */
  readonly foreign: number;
}

/** Takes samples, and takes those again in which something else had the CPU. */
export class Sampler {
  readonly #arena: Arena;
  /** On the clock of `performance.now`: from then on nothing is redone. */
  readonly #deadline: number;
  readonly #networkThread = networkThread(CPU);
  redone = 0;
  /** Kept though others had too much of the CPU. */
  disturbed = 0;

  constructor(arena: Arena, deadline: number) {
    this.#arena = arena;
    this.#deadline = deadline;
  }

  async take(variant: Variant, load: Load): Promise<Sample> {
    let sample = await this.once(variant, load);
    for (let tries = 1; sample.foreign > FOREIGN_LIMIT && tries < TRIES; tries++) {
      if (performance.now() > this.#deadline) break;
      this.redone++;
      sample = await this.once(variant, load);
    }
    if (sample.foreign > FOREIGN_LIMIT) this.disturbed++;
    return sample;
  }

  /** What the gate says of samples as they are: the least of some. */
  async quiet(): Promise<number> {
    const shares: number[] = [];
    for (let tries = 0; tries < TRIES; tries++) shares.push((await this.once('no balancer', 'keep-alive')).foreign);
    return Math.min(...shares);
  }

  /** And of one beside a process that does nothing but take the CPU. */
  async withHog(): Promise<number> {
    const hog = spawn('taskset', ['-c', String(CPU), 'nice', '-n', '-20', process.execPath, '-e', 'for (;;);']);
    try {
      return (await this.once('no balancer', 'keep-alive')).foreign;
    } finally {
      hog.kill('SIGKILL');
    }
  }

  /** Whatever else goes on. */
  async once(variant: Variant, load: Load): Promise<Sample> {
    const arena = this.#arena;
    await arena.use(variant);
    const fixed = [...arena.processes, this.#networkThread];
    const command = load.startsWith('bulk') ? bulk(variant, load) : requests(variant, load);
    const [begun, ranBefore, busyBefore, childrenBefore] = [
      performance.now(),
      ranFor(fixed),
      busyFor(CPU),
      childTime(),
    ];
    const said = arena.client.run('taskset', '-c', String(CPU), 'nice', '-n', '-20', ...command);
    const ours = ranFor(fixed) - ranBefore + childTime() - childrenBefore;
    const foreign = Math.max(0, busyFor(CPU) - busyBefore - ours) / ((performance.now() - begun) * 1e6);
    if (load.startsWith('bulk')) {
      const bits = bitsPerSecond(said);
      if (!(bits > 0)) throw new Error(`${variant}: nothing was transferred; ${said}`);
      return { cost: 1e12 / bits, rate: bits, foreign };
    }
    const count = Number(said.match(/(\d+) requests in/)?.[1] ?? 0);
    if (count === 0) throw new Error(`${variant}: no answers; ${said}`);
    return { cost: ours / 1000 / count, rate: count / SECONDS, foreign };
  }
}

function requests(variant: Variant, load: Load): string[] {
  const headers = load === 'keep-alive' ? [] : ['-H', 'Connection: close'];
  return ['wrk', '-t1', `-c${CONNECTIONS}`, `-d${SECONDS}s`, ...headers, `http://${VARIANTS[variant]}/`];
}

function bulk(variant: Variant, load: Load): string[] {
  const direction = load === 'bulk down' ? ['-R'] : [];
  return ['iperf3', '-J', '-c', VARIANTS[variant], '-p', String(BULK_PORT), '-t', String(SECONDS), ...direction];
}

function bitsPerSecond(said: string): number {
  const { end } = JSON.parse(said) as { readonly end: { readonly sum_received: { readonly bits_per_second: number } } };
  return end.sum_received.bits_per_second;
}

/** Of processes that this one has started and seen end, in nanoseconds: the generator of the load. */
function childTime(): number {
  const fields = readFileSync('/proc/self/stat', 'utf8').split(') ')[1].split(' ');
  return (Number(fields[13]) + Number(fields[14])) * 10_000_000;
}
