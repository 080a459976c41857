import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { nodeFlagsOf } from '@evenkeel/cli/start/node-flags.ts';
import { AGENT } from '../installation.ts';
import { Child } from '../process/children.ts';
import type { Balancer, RunningBalancer, Setup } from './balancer.ts';
import { productVersion } from './product.ts';

const DRIVER = fileURLToPath(new URL('../engine-driver.ts', import.meta.url));

/** Our data plane alone, without control plane and agent: for work on the proxy, and for profiling. */
export const engine: Balancer = {
  name: 'engine',
  version: productVersion,
  async start(setup: Setup): Promise<RunningBalancer> {
    const file = join(setup.directory, 'setup.json');
    writeFileSync(file, JSON.stringify(setup));
    const flags = (process.env.BENCH_NODE_FLAGS ?? '').split(' ').filter(Boolean);
    const child = new Child('engine', [process.execPath, ...nodeFlagsOf(AGENT), ...flags, DRIVER, file], {
      log: join(setup.directory, 'engine.log'),
      core: setup.core,
    });
    await child.listening(setup.address, setup.port);
    return { address: setup.address, port: setup.port, pids: () => child.pids, stop: () => child.stop() };
  },
};
