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
  const [listeners, services, groups, rules, elasticIp] = await Promise.all([
    Array.fromAsync(items(client.listListeners, { query })),
    Array.fromAsync(items(client.listBackendServices, { query })),
    Array.fromAsync(items(client.listTargetGroups, { query })),
    Array.fromAsync(items(client.listRuleGroups, { query })),
    lb.elasticIpId === null ? null : client.getElasticIp({ params: { elasticIpId: lb.elasticIpId } }),
  ]);
  const names = new Map([...services, ...groups, ...rules].map(({ id, name }) => [id, name]));
  const nameOf = <I extends string | null>(id: I) => (id === null ? null : (names.get(id) ?? id)) as I;
  const targetGroups = await concurrently(groups, async (group) => {
    const { loadBalancerId: _, targetCount: __, ...own } = withoutGiven(group);
    return { ...own, targets: await targetsOf(client, group.id) };
  });
  const ruleGroups = await concurrently(rules, async (group) => {
    const { loadBalancerId: _, ruleCount: __, ...own } = withoutGiven(group);
    return { ...own, rules: await rulesOf(client, group.id, nameOf) };
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
    ruleGroups,
    listeners: listeners.map((listener) => {
      const { loadBalancerId: _, addresses, status, nodes, ...own } = withoutGiven(listener);
      const { name, protocol, port, backendServiceId, ruleGroupId, ...settings } = own;
      const references = { backendService: nameOf(backendServiceId), ruleGroup: nameOf(ruleGroupId) };
      return { name, protocol, port, ...references, ...settings };
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

/** Rules in order, with names for the services. */
async function rulesOf(client: Client, ruleGroupId: string, nameOf: (id: string) => string) {
  const all = items(client.listRules, { params: { ruleGroupId }, query: { limit: PAGE.maximum } });
  const named = <T extends { backendServiceId: string }>({ backendServiceId, ...rest }: T) => {
    return { backendService: nameOf(backendServiceId), ...rest };
  };
  return Array.fromAsync(all, (rule) => {
    const { ruleGroupId: _, forward, mirror, ...own } = withoutGiven(rule);
    return { ...own, forward: forward?.map(named) ?? null, mirror: mirror && named(mirror) };
  });
}

function withoutGiven<T extends Record<Given, unknown>>(object: T): Omit<T, Given> {
  const { id, generation, createdAt, updatedAt, ...rest } = object;
  return rest;
}
