import { applied, startInstallation } from '../installation.ts';
import { PATHS } from '../origin.ts';
import { eventually } from '../process/children.ts';
import type { Balancer, RunningBalancer, Setup } from './balancer.ts';
import { productVersion } from './product.ts';

/** Evenkeel as its users start it: control plane and node agent, the load balancer made through the API. */
export const evenkeel: Balancer = {
  name: 'evenkeel',
  version: productVersion,
  async start(setup: Setup): Promise<RunningBalancer> {
    const { client, agentPids, stop } = await startInstallation({ ...setup, workers: 1 });
    const { vip, operationId } = await client.createLoadBalancer({
      body: {
        name: 'bench',
        listeners: [
          {
            protocol: 'http',
            port: setup.port,
            idleTimeout: 120,
            service: {
              // The same probes as HAProxy's.
              healthCheck: { protocol: 'tcp', interval: 5 },
              targets: setup.origins.map(({ address, port }) => ({ address, port, weight: 1 })),
            },
          },
        ],
      },
    });
    await applied(client, operationId);
    const url = `http://${vip}:${setup.port}${PATHS.small}`;
    await eventually(`an answer through ${url}`, async () => (await fetch(url)).status === 200);
    return { address: vip, port: setup.port, pids: agentPids, stop };
  },
};
