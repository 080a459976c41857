import type { BackendServicePatch } from '@evenkeel/model/resources/backend-service.ts';
import type { Kind } from '@evenkeel/testbed/crowd/program.ts';
import type { Origin } from './origins.ts';
import type { Product } from './product.ts';

const PORT = 8080;
const CHECK = { interval: 1, timeout: 1, rise: 2, fall: 3 };

/** One HTTP listener before some backends. */
export interface WebService {
  readonly vip: string;
  readonly port: number;
  readonly backendServiceId: string;
}

export async function startWebService(
  product: Product,
  origins: readonly Origin[],
  settings: Omit<BackendServicePatch, 'name' | 'targetGroupId' | 'tls'> = {},
): Promise<WebService> {
  const targets = origins.map(({ port }) => ({ address: '127.0.0.1', port }));
  const created = await product.client.createLoadBalancer({
    body: {
      name: 'web',
      listeners: [{ name: 'web', protocol: 'http', port: PORT, service: { healthCheck: CHECK, ...settings, targets } }],
    },
  });
  await product.applied(created);
  const service = created.created.find(({ kind }) => kind === 'backendService');
  if (service === undefined) throw new Error('no backend service was created');
  if (settings.healthCheck?.enabled !== false) await product.healthy(origins.length);
  return { vip: created.vip, port: PORT, backendServiceId: service.id };
}

/** Clients with a kept connection each. */
export function keptClients({ vip, port }: WebService, name: string, clients: number, think: number): Kind {
  return { name, clients, protocol: 'http', host: vip, port, path: '/', tls: null, think, fresh: false, sticky: false };
}
