import { CALM, drawConditions, drawFaults } from '@evenkeel/proxy/reactor/simulated/conditions.ts';
import { Random } from '@evenkeel/proxy/reactor/simulated/random.ts';
import type { MakeMiddle } from '../middle.ts';
import type { HttpRun } from './run.ts';
import { drawHttpScenario } from './scenario.ts';

/** Plenty of everything. */
const AMPLE = { buffers: 160, largeBuffers: 4, descriptors: 1000 } as const;

/**
 * The run that a seed stands for. Half of the seeds break nothing on purpose, and then everything has to succeed; a
 * quarter break connections, ends and origins; the last quarter has, on top of that, too few buffers or descriptors.
 */
export function httpRun(seed: number, middle: MakeMiddle, origins: number, proxies: boolean): HttpRun {
  const random = new Random(seed);
  const kind = seed % 4;
  const strict = kind < 2;
  const scenario = drawHttpScenario(random, { strict, proxied: proxies, origins });
  if (seed % 10 === 0) return { scenario, conditions: CALM, limits: AMPLE, middle };
  const conditions = strict ? drawConditions(random) : drawConditions(random, drawFaults(random));
  const scarce = { buffers: random.between(1, 12), largeBuffers: 1, descriptors: random.between(3, 14) };
  return { scenario, conditions, limits: kind === 3 ? scarce : AMPLE, middle };
}
