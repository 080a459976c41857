import { get, type IncomingMessage } from 'node:http';
import { get as getSecure } from 'node:https';
import type { Client } from '@evenkeel/client/client.ts';
import { applied, startInstallation } from '../installation.ts';
import { PATHS } from '../origin.ts';
import { eventually } from '../process/children.ts';
import { hostOfRule } from '../rules.ts';
import type { Balancer, RunningBalancer, ServerCertificate, Setup } from './balancer.ts';
import { productVersion } from './product.ts';

/** Evenkeel as its users start it: control plane and node agent, the load balancer made through the API. */
export const evenkeel: Balancer = {
  name: 'evenkeel',
  version: productVersion,
  async start(setup: Setup): Promise<RunningBalancer> {
    const { client, agentPids, stop } = await startInstallation({ ...setup, workers: 1 });
    const certificateId = setup.tls === undefined ? null : await upload(client, setup.tls);
    const { id, vip, operationId } = await client.createLoadBalancer({
      body: {
        name: 'bench',
        listeners: [
          {
            protocol: certificateId === null ? 'http' : 'https',
            ...(certificateId === null ? {} : { defaultCertificates: [certificateId] }),
            port: setup.port,
            idleTimeout: 120,
            ...(setup.sessions ? { forwarding: { protocol: true, port: true, host: true } } : {}),
            service: {
              // The same probes as HAProxy's.
              healthCheck: { protocol: 'tcp', interval: 5 },
              ...(setup.sessions ? { stickiness: { type: 'cookie' as const } } : {}),
              targets: setup.origins.map(({ address, port }) => ({ address, port, weight: 1 })),
            },
          },
        ],
      },
    });
    await applied(client, operationId);
    if (setup.rules !== undefined) await addRules(client, id, setup.rules);
    const url = `http${certificateId === null ? '' : 's'}://${vip}:${setup.port}${PATHS.small}`;
    await eventually(`an answer through ${url}`, () => answers(url));
    return { address: vip, port: setup.port, pids: agentPids, stop };
  },
};

async function upload(client: Client, { certificate, key }: ServerCertificate): Promise<string> {
  const { id } = await client.createCertificate({ body: { name: 'bench', chain: certificate, privateKey: key } });
  return id;
}

/** Whether a request is answered with 200; nobody vouches for the certificate. */
function answers(url: string): Promise<boolean> {
  return new Promise((resolve, reject) => {
    const done = (response: IncomingMessage): void => {
      response.resume();
      resolve(response.statusCode === 200);
    };
    const request = url.startsWith('https:') ? getSecure(url, { rejectUnauthorized: false }, done) : get(url, done);
    request.on('error', reject);
  });
}

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
