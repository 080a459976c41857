import { availableParallelism } from 'node:os';
import type { RunningBalancer } from './balancers/balancer.ts';
import { type Answered, type PacedLoad, paced } from './load/paced.ts';
import { undisturbed } from './load/undisturbed.ts';
import { attended, PATIENCE } from './measure.ts';
import type { Round } from './metrics.ts';
import { untilQuiet } from './process/quiet.ts';
import { housekeepers, type Witnessed, witness } from './process/witness.ts';
import type { Stage } from './stage.ts';
import { quantile } from './statistics.ts';

/** Requests in undisturbed time of which a hundredth, or a thousandth, is enough to say something of. */
export const ENOUGH = { p99: 2_000, p999: 20_000 } as const;

/** A measurement is repeated, and what it finds added, so many times at most, while it has found too little. */
const REPEATS = 3;
/** One during which other programs used more than this many cores does not count. */
const FOREIGN = 0.03;
/** Of the same load beforehand, so that client and balancer are warm, what they do once a second included. */
const LEAD_SECONDS = 3;
/** That the witnesses watch for longer: the client takes a moment to begin, and to connect. */
const MARGIN_SECONDS = 2;

export interface Latencies {
  /** Of the requests in undisturbed time, in milliseconds. */
  readonly took: readonly number[];
  readonly failed: number;
  /** Cores that the hypervisor had, as the witnesses saw it and as the kernel was told, on average of all repeats. */
  readonly paused: number;
  readonly stolen: number;
}

/**
 * Sends requests at a steady rate while a witness on each core notes when the hypervisor takes it, until `wanted`
 * requests are known that nothing of that has touched.
 */
export async function measureLatencies(
  stage: Stage,
  balancer: RunningBalancer,
  load: Omit<PacedLoad, 'leadSeconds' | 'address' | 'port'>,
  { directory, wanted }: { readonly directory: string; readonly wanted: number },
): Promise<Latencies> {
  const took: number[] = [];
  let failed = 0;
  const taken: { paused: number; stolen: number }[] = [];
  const { address, port } = balancer;
  for (let left = REPEATS; left >= 0 && took.length < wanted; left--) {
    await untilQuiet(PATIENCE, false);
    const { result, foreign, stolen } = await attended(stage, balancer, () =>
      watched({ ...load, address, port, leadSeconds: LEAD_SECONDS, seed: load.seed + left }, directory),
    );
    failed += result.failed;
    taken.push({ paused: result.paused, stolen });
    if (foreign > FOREIGN) continue;
    for (const request of result.counted) took.push(request.took);
  }
  const mean = (of: 'paused' | 'stolen') => taken.reduce((sum, one) => sum + one[of], 0) / taken.length;
  return { took, failed, paused: mean('paused'), stolen: mean('stolen') };
}

interface Watched {
  readonly counted: readonly Answered[];
  readonly failed: number;
  readonly paused: number;
}

async function watched(load: PacedLoad, directory: string): Promise<Watched> {
  const cores = Array.from({ length: availableParallelism() }, (_, core) => core);
  const seconds = LEAD_SECONDS + load.seconds + MARGIN_SECONDS;
  const [requests, ...seen] = await Promise.all([
    paced(load, directory),
    // Told by one of them: what both told of would count twice.
    ...cores.map((core) => witness(core, seconds, core === 0 ? housekeepers() : [])),
  ]);
  return {
    counted: undisturbed(requests, seen),
    failed: requests.filter(({ status }) => status !== 200).length,
    paused: seen.map(pausedShare).reduce((a, b) => a + b, 0),
  };
}

function pausedShare({ begin, end, pauses }: Witnessed): number {
  return pauses.reduce((sum, { length }) => sum + length, 0) / (end - begin);
}

/** What latencies say as figures of a round, or of all rounds together. `enough`: too few for a quantile give none. */
export function latencyFigures(took: readonly number[], tail: boolean, enough: { p99: number; p999: number }): Round {
  return {
    pacedCounted: took.length,
    ...(took.length < enough.p99 ? {} : { pacedP50: quantile(took, 0.5), pacedP99: quantile(took, 0.99) }),
    ...(tail && took.length >= enough.p999 ? { pacedP999: quantile(took, 0.999) } : {}),
  };
}
