import type { RunningBalancer } from './balancers/balancer.ts';
import type { LoadResult } from './load/wrk.ts';
import type { Round } from './metrics.ts';
import { cpuOf, hostCpu, othersCpu, since, total } from './process/cpu.ts';
import { untilQuiet } from './process/quiet.ts';
import type { Stage } from './stage.ts';

/** A measurement during which other programs, or the hypervisor, used more than this many cores is repeated. */
const DISTURBED = 0.15;
const REPEATS = 2;
/** Seconds that a measurement waits for a quiet moment before it begins all the same. */
export const PATIENCE = 10;
const GIGABYTE = 1e9;

/**
 * Puts load on one balancer and measures what it and the machine did meanwhile. A disturbed measurement is repeated
 * and the least disturbed one counts.
 */
export async function measureLoad(
  stage: Stage,
  balancer: RunningBalancer,
  load: () => Promise<LoadResult>,
): Promise<Round> {
  let best = await measureOnce(stage, balancer, load);
  for (let repeat = 0; repeat < REPEATS && disturbance(best) > DISTURBED; repeat += 1) {
    const next = await measureOnce(stage, balancer, load);
    if (disturbance(next) < disturbance(best)) best = next;
  }
  return best;
}

async function measureOnce(stage: Stage, balancer: RunningBalancer, load: () => Promise<LoadResult>): Promise<Round> {
  await untilQuiet(PATIENCE);
  const { result, elapsed, cpu, foreign, stolen } = await attended(stage, balancer, load);
  const perRequest = (seconds: number) => (seconds * 1e6) / result.requests;
  return {
    cpuPerRequest: perRequest(total(cpu)),
    userPerRequest: perRequest(cpu.user),
    systemPerRequest: perRequest(cpu.system),
    requestsPerSecond: result.requests / result.seconds,
    p50: result.p50,
    p99: result.p99,
    ...(result.p999 === undefined ? {} : { p999: result.p999 }),
    gigabytesPerCpuSecond: result.bytes / GIGABYTE / total(cpu),
    gigabytesPerSecond: result.bytes / GIGABYTE / result.seconds,
    busy: total(cpu) / elapsed,
    errors: result.errors,
    foreign,
    stolen,
  };
}

/** Does something, and tells what balancer and machine did meanwhile: seconds, and cores that others had. */
export async function attended<T>(stage: Stage, balancer: RunningBalancer, work: () => Promise<T>) {
  const before = readings(stage, balancer);
  const result = await work();
  const after = readings(stage, balancer);
  const elapsed = after.time - before.time;
  return {
    result,
    elapsed,
    cpu: since(before.cpu, after.cpu),
    foreign: Math.max(0, after.others - before.others) / elapsed,
    stolen: (after.stolen - before.stolen) / elapsed,
  };
}

function readings(stage: Stage, balancer: RunningBalancer) {
  return {
    time: performance.now() / 1000,
    cpu: cpuOf(balancer.pids()),
    // The load is ours: it has been waited for by the time this is read again.
    others: othersCpu(stage.pids()),
    stolen: hostCpu().stolen,
  };
}

function disturbance(round: Round): number {
  return (round.foreign ?? 0) + (round.stolen ?? 0);
}
