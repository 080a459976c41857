import { median, pairedRatios, quantile } from '../statistics.ts';
import type { Arena } from './arena.ts';
import { CPU, type Sampler } from './sampler.ts';

const ROUNDS = 7;
/** Another one than that of the requests: one core sends, and does nothing else. */
const SENDER = 0;
/** Share of their throughput that requests keep at least. */
const LIMIT = 0.9;

/** What denied frames leave of the throughput of requests, each round beside one without them. */
export interface Flood {
  readonly where: string;
  readonly framesPerSecond: number;
  readonly low: number;
  readonly middle: number;
  readonly high: number;
  /** The least; null: it is only told. */
  readonly limit: number | null;
}

/**
 * Requests over keep-alive through the balancer, while one core sends frames of a denied source to the same VIP on the
 * same device. They are dropped where they arrive: a device with several queues spreads them over its CPUs. The worst is
 * told as well: all of them are dropped on the very CPU that requests are served on.
 */
export async function measureFlood(arena: Arena, sampler: Sampler): Promise<Flood[]> {
  const arriving = await measure(arena, sampler, 'dropped on the CPU that they arrive at', 0, LIMIT);
  const steered = await measure(arena, sampler, 'dropped on the CPU that serves', 1 << CPU, null);
  arena.steer(0);
  return [arriving, steered];
}

async function measure(arena: Arena, sampler: Sampler, where: string, cpus: number, limit: number | null) {
  const [quiet, flooded, rates]: number[][] = [[], [], []];
  arena.steer(cpus);
  for (let round = 0; round < ROUNDS; round++) {
    quiet.push((await sampler.take('tcx, L2', 'keep-alive')).rate);
    const flooder = arena.flood(SENDER);
    try {
      await flooder.line();
      const [begun, before] = [performance.now(), await arena.denied()];
      // What the flood takes of the CPU counts as foreign, so nothing is redone for it.
      flooded.push((await sampler.once('tcx, L2', 'keep-alive')).rate);
      const dropped = (await arena.denied()) - before;
      if (dropped === 0) throw new Error('nothing of the flood was dropped');
      rates.push((dropped * 1000) / (performance.now() - begun));
    } finally {
      await flooder.kill();
    }
  }
  const ratios = pairedRatios(flooded, quiet);
  const [low, middle, high] = [quantile(ratios, 0.25), median(ratios), quantile(ratios, 0.75)];
  return { where, framesPerSecond: median(rates), low, middle, high, limit };
}
