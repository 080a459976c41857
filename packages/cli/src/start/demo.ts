import { createServer } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Client } from '@evenkeel/client/client.ts';
import type { LoadBalancerCreate } from '@evenkeel/model/resources/document.ts';
import { type ActiveDemo, type OriginPlace, writeDemo } from './demo-record.ts';

/** The first of these that nobody has taken for all addresses is the demo's. */
const PORTS = Array.from({ length: 20 }, (_, i) => 8080 + i);
/** An address of this machine that nobody has a reason to listen on. */
const TRIAL_ADDRESS = '127.0.0.13';
/** Milliseconds that a target of the demo has to become healthy. */
const PATIENCE = 10_000;
const POLL = 20;
/** Milliseconds that the node has to say what it made of the demo's listener. */
const NODE_PATIENCE = 2_000;

/** A load balancer in front of the origins; probes are quick, so that a killed origin is seen to leave at once. */
function demoDocument(origins: readonly OriginPlace[], port: number): LoadBalancerCreate {
  return {
    name: 'demo',
    description: 'Made by the first start, in front of two small servers on this machine. Delete it when you like.',
    listeners: [
      {
        protocol: 'http',
        port,
        service: {
          name: 'demo',
          healthCheck: { path: '/health', interval: 1, timeout: 1, rise: 1, fall: 2 },
          targets: origins.map(({ name, address, port }) => ({ name, address, port })),
        },
      },
    ],
  };
}

/**
 * Makes the demo's load balancer through the API. Resolves with the demo as it is now kept in the home. A repetition
 * with the same demo makes no second one.
 */
export async function createDemo(client: Client, demo: ActiveDemo, path: string): Promise<ActiveDemo> {
  const port = demo.port ?? (await freePort());
  writeDemo(path, { ...demo, port });
  const made = await client.createLoadBalancer({ body: demoDocument(demo.origins, port), idempotencyKey: demo.key });
  const vip = made.vip.includes(':') ? `[${made.vip}]` : made.vip;
  const created: ActiveDemo = {
    ...demo,
    port,
    state: 'created',
    loadBalancerId: made.id,
    url: `http://${vip}:${port}/`,
  };
  writeDemo(path, created);
  return created;
}

/** What to do, by the code of the refusal. */
const REMEDIES: Readonly<Record<string, string>> = {
  'address-in-use':
    '; give a second installation on this machine addresses of its own from its first start on (--vip-pool 127.78.0.0/16)',
};

/**
 * Why the node does not run the demo's listener, or null. The answer of its URL does not tell: the load balancer of
 * another home on this machine may have the same address. Waits a while for a node that has not said anything yet.
 */
export async function demoRefusal(client: Client, loadBalancerId: string): Promise<string | null> {
  for (const deadline = performance.now() + NODE_PATIENCE; ; await sleep(POLL)) {
    const { items } = await client.listListeners({ query: { loadBalancerId } });
    const nodes = items.flatMap((listener) => listener.nodes);
    const refused = nodes.find(({ state }) => state === 'refused');
    if (refused !== undefined) return `its listener is refused: ${refused.detail}${REMEDIES[refused.code] ?? ''}`;
    if (!nodes.some(({ state }) => state === 'pending') || performance.now() >= deadline) return null;
  }
}

/** Programs that listen on all addresses take their port from every VIP of this machine, and 8080 is a popular one. */
async function freePort(): Promise<number> {
  for (const port of PORTS) if (await isFree(port)) return port;
  throw new Error(`the ports ${PORTS[0]} to ${PORTS.at(-1)} are all in use`);
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const trial = createServer();
    trial.once('error', () => resolve(false));
    trial.listen(port, TRIAL_ADDRESS, () => trial.close(() => resolve(true)));
  });
}

/** Whether the demo's load balancer is still there; when somebody has deleted it, the home forgets the demo. */
export async function demoExists(client: Client, demo: ActiveDemo, path: string): Promise<boolean> {
  if (demo.loadBalancerId === null) return false;
  try {
    await client.getLoadBalancer({ params: { loadBalancerId: demo.loadBalancerId } });
    return true;
  } catch (error) {
    if ((error as { status?: number }).status !== 404) throw error;
    writeDemo(path, { state: 'off' });
    return false;
  }
}

/**
 * Waits until a target takes requests; what is wrong when none did in time, else null. Rejects when `signal` is aborted.
 * What the node says is enough: a request of ours would be the first that somebody finds in the log, who has made none.
 */
export async function demoSilence(client: Client, loadBalancerId: string, signal: AbortSignal): Promise<string | null> {
  const query = { loadBalancerId, state: 'healthy' } as const;
  for (const deadline = performance.now() + PATIENCE; ; await sleep(POLL, undefined, { signal })) {
    if ((await client.listTargetHealth({ query })).items.length > 0) return null;
    if (performance.now() >= deadline) return `none of its targets is healthy within ${PATIENCE / 1000} s`;
  }
}
