import type { Client } from '@evenkeel/client/client.ts';
import { items } from '@evenkeel/client/items.ts';
import { PAGE } from '@evenkeel/model/limits.ts';
import type { LoadBalancerDocument } from '@evenkeel/model/resources/document.ts';
import type { LoadBalancer } from '@evenkeel/model/resources/load-balancer.ts';
import { concurrently } from '../actions/concurrently.ts';

/** Fields that the control plane gives an object, and that a document does not set. */
type Given = 'id' | 'generation' | 'createdAt' | 'updatedAt';

/**
 * A load balancer with everything in it, as `apply` takes it: every field is there, so that applying it makes an object
 * what it was. References are names.
 */
export async function exportLoadBalancer(client: Client, lb: LoadBalancer): Promise<LoadBalancerDocument> {
  const query = { loadBalancerId: lb.id, limit: PAGE.maximum };
  const [listeners, services, groups, elasticIp] = await Promise.all([
    Array.fromAsync(items(client.listListeners, { query })),
    Array.fromAsync(items(client.listBackendServices, { query })),
    Array.fromAsync(items(client.listTargetGroups, { query })),
    lb.elasticIpId === null ? null : client.getElasticIp({ params: { elasticIpId: lb.elasticIpId } }),
  ]);
  const names = new Map([...services, ...groups].map(({ id, name }) => [id, name]));
  const nameOf = (id: string | null) => (id === null ? null : (names.get(id) ?? id));
  const targetGroups = await concurrently(groups, async (group) => {
    const { loadBalancerId: _, targetCount: __, ...own } = withoutGiven(group);
    return { ...own, targets: await targetsOf(client, group.id) };
  });
  const { elasticIpId: _, status: __, ...own } = withoutGiven(lb);
  return {
    ...own,
    elasticIp: elasticIp?.name ?? null,
    targetGroups,
    backendServices: services.map((service) => {
      const { loadBalancerId: _, name, protocol, port, targetGroupId, ...settings } = withoutGiven(service);
      return { name, protocol, port, targetGroup: nameOf(targetGroupId), ...settings };
    }),
    listeners: listeners.map((listener) => {
      const { loadBalancerId: _, addresses, status, nodes, ...own } = withoutGiven(listener);
      const { name, protocol, port, backendServiceId, ...settings } = own;
      return { name, protocol, port, backendService: nameOf(backendServiceId), ...settings };
    }),
  };
}

async function targetsOf(client: Client, targetGroupId: string) {
  const all = items(client.listTargets, { params: { targetGroupId }, query: { limit: PAGE.maximum } });
  return Array.fromAsync(all, (target) => {
    const { targetGroupId: _, ...own } = withoutGiven(target);
    return own;
  });
}

function withoutGiven<T extends Record<Given, unknown>>(object: T): Omit<T, Given> {
  const { id, generation, createdAt, updatedAt, ...rest } = object;
  return rest;
}
