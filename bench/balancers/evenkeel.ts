import type { Client } from '@evenkeel/client/client.ts';
import { applied, startInstallation } from '../installation.ts';
import { PATHS } from '../origin.ts';
import { eventually } from '../process/children.ts';
import { hostOfRule } from '../rules.ts';
import type { Balancer, RunningBalancer, Setup } from './balancer.ts';
import { productVersion } from './product.ts';

/** Evenkeel as its users start it: control plane and node agent, the load balancer made through the API. */
export const evenkeel: Balancer = {
  name: 'evenkeel',
  version: productVersion,
  async start(setup: Setup): Promise<RunningBalancer> {
    const { client, agentPids, stop } = await startInstallation({ ...setup, workers: 1 });
    const { id, vip, operationId } = await client.createLoadBalancer({
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
    if (setup.rules !== undefined) await addRules(client, id, setup.rules);
    const url = `http://${vip}:${setup.port}${PATHS.small}`;
    await eventually(`an answer through ${url}`, async () => (await fetch(url)).status === 200);
    return { address: vip, port: setup.port, pids: agentPids, stop };
  },
};

/** Gives the one listener a rule group, as `Setup.rules` says. */
async function addRules(client: Client, loadBalancerId: string, count: number): Promise<void> {
  const services = await client.listBackendServices({ query: { loadBalancerId } });
  const listeners = await client.listListeners({ query: { loadBalancerId } });
  const backendServiceId = services.items[0].id;
  const rules = Array.from({ length: count }, (_, index) => ({
    name: `rule${index}`,
    match: {
      hosts: count === 1 ? [] : [hostOfRule(index)],
      paths: [{ kind: 'prefix' as const, value: '/' }],
    },
    forward: [{ backendServiceId }],
  }));
  const { id } = await client.createRuleGroup({ body: { loadBalancerId, name: 'rules', rules } });
  const changed = await client.updateListener({
    params: { listenerId: listeners.items[0].id },
    body: { ruleGroupId: id },
  });
  await applied(client, changed.operationId);
}
