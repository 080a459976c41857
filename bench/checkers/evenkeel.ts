import type { Client } from '@evenkeel/client/client.ts';
import { applied, startInstallation } from '../installation.ts';
import type { Endpoint } from '../origin.ts';
import { eventually } from '../process/children.ts';
import { freePorts } from '../process/ports.ts';
import { type Checker, type CheckerSetup, type CheckKind, INTERVAL_SECONDS, PER_CONNECTION } from './checker.ts';

const HOST = '127.0.0.1';
/** What one group may hold by the default quota. */
const TARGETS_PER_GROUP = 1_000;

const HEALTH_CHECKS = {
  checks: { protocol: 'http', httpVersion: '1.0', checksPerConnection: 1 },
  shared: { protocol: 'http', httpVersion: '1.1', checksPerConnection: PER_CONNECTION },
  tcp: { protocol: 'tcp', checksPerConnection: 1 },
} as const satisfies Record<CheckKind, object>;

/** The node agent of a whole installation; its control plane does nothing meanwhile and is not counted. */
export async function startEvenkeel({ directory, targets, core }: CheckerSetup): Promise<Checker> {
  const installation = await startInstallation({ directory, workers: 1, core });
  const services: string[] = [];
  for (let from = 0; from < targets.length; from += TARGETS_PER_GROUP) {
    services.push(await createService(installation.client, from, targets.slice(from, from + TARGETS_PER_GROUP)));
  }
  return {
    name: 'evenkeel',
    turnTo: async (kind) => {
      const body = { healthCheck: HEALTH_CHECKS[kind] };
      for (const backendServiceId of services) {
        await installation.client.updateBackendService({ params: { backendServiceId }, body });
      }
    },
    pids: () => installation.agentPids(),
    stop: () => installation.stop(),
  };
}

/** Returns its identifier. */
async function createService(client: Client, number: number, targets: readonly Endpoint[]): Promise<string> {
  const healthCheck = { protocol: 'http', interval: INTERVAL_SECONDS } as const;
  const service = { targets: [...targets], healthCheck };
  const [port] = await freePorts(HOST, 1);
  const made = await client.createLoadBalancer({
    body: { name: `checks-${number}`, listeners: [{ protocol: 'http', port, service }] },
  });
  await applied(client, made.operationId);
  const [id] = made.created.filter(({ kind }) => kind === 'backendService').map((object) => object.id);
  const areHealthy = async (): Promise<boolean> => {
    const { total: known, healthy } = await client.getBackendServiceHealth({ params: { backendServiceId: id } });
    return healthy === known;
  };
  // The answer is long: asking often would be most of the load.
  await eventually(`${targets.length} healthy targets`, areHealthy, 500, 60_000);
  return id!;
}
