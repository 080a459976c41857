import { mkdirSync, mkdtempSync } from 'node:fs';
import { join } from 'node:path';
import type { Balancer, RunningBalancer } from './balancers/balancer.ts';
import type { Bench } from './bench.ts';
import { type OriginKind, type Origins, startOrigins } from './origin.ts';
import { freePorts } from './process/ports.ts';

/** Balancers that run side by side in front of the same origins. */
export interface Stage {
  readonly origins: Origins;
  readonly balancers: ReadonlyMap<string, RunningBalancer>;
  /** All processes of the balancers and origins. */
  pids(): readonly number[];
}

/** Starts origins and balancers, does the work, and stops them all, also when the work fails. */
export async function onStage<T>(
  bench: Bench,
  balancers: readonly Balancer[],
  work: (stage: Stage) => Promise<T>,
  kind: OriginKind = 'files',
): Promise<T> {
  const directory = mkdtempSync(join(bench.directory, 'stage-'));
  const origins = await startOrigins(kind, subdirectory(directory, 'origins'), loadCore(bench));
  const running = new Map<string, RunningBalancer>();
  try {
    for (const [index, balancer] of balancers.entries()) {
      const address = `127.0.0.${index + 2}`;
      const [port, metricsPort] = await freePorts(address, 2);
      const setup = {
        directory: subdirectory(directory, balancer.name),
        address,
        port,
        metricsPort,
        origins: origins.endpoints,
        core: balancerCore(bench),
      };
      running.set(balancer.name, await balancer.start(setup));
    }
    const pids = () => [...origins.pids(), ...[...running.values()].flatMap((balancer) => balancer.pids())];
    return await work({ origins, balancers: running, pids });
  } finally {
    await Promise.all([...running.values(), origins].map((program) => program.stop()));
  }
}

export function balancerCore(bench: Bench): number | null {
  return bench.settings.pinned ? 0 : null;
}

/** The core of load and origins. */
export function loadCore(bench: Bench): number | null {
  return bench.settings.pinned ? 1 : null;
}

function subdirectory(parent: string, name: string): string {
  const directory = join(parent, name);
  mkdirSync(directory);
  return directory;
}
