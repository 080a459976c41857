import type { Client } from '@evenkeel/client/client.ts';
import { items } from '@evenkeel/client/items.ts';
import { PAGE } from '@evenkeel/model/limits.ts';
import type { BackendService } from '@evenkeel/model/resources/backend-service.ts';
import type { ElasticIp } from '@evenkeel/model/resources/elastic-ip.ts';
import type { Listener } from '@evenkeel/model/resources/listener.ts';
import type { LoadBalancer } from '@evenkeel/model/resources/load-balancer.ts';
import type { TargetHealth } from '@evenkeel/model/resources/target-health.ts';
import type { LoadBalancerField } from '../commands/load-balancer-list-fields.ts';
import { portText } from './columns.ts';

/** One line of a list of load balancers with what is in them; null: there is no such thing in this line. */
export interface LoadBalancerRow {
  readonly loadBalancer: LoadBalancer;
  readonly elasticIp: string | null;
  readonly listener: Listener | null;
  readonly service: BackendService | null;
  readonly target: TargetHealth | null;
}

/** What each field shows of a line. */
const VALUES: Readonly<Record<LoadBalancerField, (row: LoadBalancerRow) => unknown>> = {
  name: ({ loadBalancer }) => loadBalancer.name,
  id: ({ loadBalancer }) => loadBalancer.id,
  type: ({ loadBalancer }) => loadBalancer.type,
  status: ({ loadBalancer }) => loadBalancer.status,
  vip: ({ loadBalancer }) => loadBalancer.vip,
  eip: ({ elasticIp }) => elasticIp,
  description: ({ loadBalancer }) => loadBalancer.description,
  tags: ({ loadBalancer }) => loadBalancer.tags,
  created: ({ loadBalancer }) => loadBalancer.createdAt,
  listener: ({ listener }) => listener?.name ?? null,
  protocol: ({ listener }) => listener?.protocol ?? null,
  port: ({ listener }) => listener && portText(listener),
  'listener-status': ({ listener }) => listener?.status ?? null,
  service: ({ service }) => service?.name ?? null,
  algorithm: ({ service }) => service?.algorithm ?? null,
  target: ({ target }) => target?.address ?? null,
  'target-port': ({ target }) => target?.port ?? null,
  weight: ({ target }) => target?.weight ?? null,
  health: ({ target }) => target?.state ?? null,
  reason: ({ target }) => target?.reason ?? null,
};

const OF_LISTENERS: readonly LoadBalancerField[] = ['listener', 'protocol', 'port', 'listener-status'];
const OF_SERVICES: readonly LoadBalancerField[] = ['service', 'algorithm'];
const OF_TARGETS: readonly LoadBalancerField[] = ['target', 'target-port', 'weight', 'health', 'reason'];

export function valuesOf(row: LoadBalancerRow, fields: readonly LoadBalancerField[]): unknown[] {
  return fields.map((field) => VALUES[field](row));
}

/** The lines that the fields ask for: one for each load balancer, listener with its service, or target of that. */
export async function loadRows(
  client: Client,
  chosen: readonly LoadBalancer[],
  fields: readonly LoadBalancerField[],
): Promise<LoadBalancerRow[]> {
  const asks = (of: readonly LoadBalancerField[]) => fields.some((field) => of.includes(field));
  const ofTargets = asks(OF_TARGETS);
  const inside = ofTargets || asks(OF_SERVICES) || asks(OF_LISTENERS);
  const only = chosen.length === 1 ? { loadBalancerId: chosen[0]!.id } : {};
  const query = { limit: PAGE.maximum, ...only };
  const [elasticIps, listeners, services, targets] = await Promise.all([
    fields.includes('eip') ? Array.fromAsync(items(client.listElasticIps, { query: { limit: PAGE.maximum } })) : [],
    inside ? Array.fromAsync(items(client.listListeners, { query })) : [],
    inside ? Array.fromAsync(items(client.listBackendServices, { query })) : [],
    ofTargets ? Array.fromAsync(items(client.listTargetHealth, { query })) : [],
  ]);
  const insideOf = indexed({ elasticIps, listeners, services, targets });
  return chosen.flatMap((lb) => rowsOf(lb, insideOf(lb), { inside, ofTargets }));
}

interface Found {
  readonly elasticIps: readonly ElasticIp[];
  readonly listeners: readonly Listener[];
  readonly services: readonly BackendService[];
  readonly targets: readonly TargetHealth[];
}

interface Inside {
  readonly elasticIp: string | null;
  readonly listeners: readonly Listener[];
  readonly services: ReadonlyMap<string, BackendService>;
  readonly targets: ReadonlyMap<string, readonly TargetHealth[]>;
}

/** What is in each load balancer, found by its identifier. */
function indexed({ elasticIps, listeners, services, targets }: Found): (lb: LoadBalancer) => Inside {
  const addresses = new Map(elasticIps.map(({ id, address }) => [id, address]));
  const ofListeners = Map.groupBy(listeners, ({ loadBalancerId }) => loadBalancerId);
  const ofServices = Map.groupBy(services, ({ loadBalancerId }) => loadBalancerId);
  const byService = Map.groupBy(targets, ({ backendServiceId }) => backendServiceId);
  return ({ id, elasticIpId }) => ({
    elasticIp: elasticIpId && (addresses.get(elasticIpId) ?? null),
    listeners: ofListeners.get(id) ?? [],
    services: new Map((ofServices.get(id) ?? []).map((service) => [service.id, service])),
    targets: byService,
  });
}

function rowsOf(
  loadBalancer: LoadBalancer,
  { elasticIp, listeners, services, targets }: Inside,
  { inside, ofTargets }: { readonly inside: boolean; readonly ofTargets: boolean },
): LoadBalancerRow[] {
  const row = { loadBalancer, elasticIp, listener: null, service: null, target: null };
  if (!inside) return [row];
  const shown = new Set<string>();
  const pairs: Pick<LoadBalancerRow, 'listener' | 'service'>[] = listeners.map((listener) => {
    const service = services.get(listener.backendServiceId ?? '') ?? null;
    if (service !== null) shown.add(service.id);
    return { listener, service };
  });
  // Those that rules and names lead to.
  for (const service of services.values()) if (!shown.has(service.id)) pairs.push({ listener: null, service });
  if (pairs.length === 0) return [row];
  return pairs.flatMap((pair): LoadBalancerRow[] => {
    const own = (ofTargets && targets.get(pair.service?.id ?? '')) || [];
    return own.length === 0 ? [{ ...row, ...pair }] : own.map((target) => ({ ...row, ...pair, target }));
  });
}
