import type { LoadBalancerClone } from '@evenkeel/model/resources/load-balancer.ts';
import { checkQuotasOfNew } from '../revisions/quotas.ts';
import type { Draft } from '../state/draft.ts';
import type { BackendServiceRecord, ListenerRecord, LoadBalancerRecord, RuleRecord } from '../state/records.ts';
import type { LoadBalancerTree } from '../state/state.ts';
import { createLoadBalancer } from './load-balancers.ts';
import { cookieNameOfClone } from './stickiness.ts';
import { ensureKeys } from './stickiness-keys.ts';
import { isWhereItsSubnetIs } from './subnet-zones.ts';

/**
 * Creates a load balancer with an address of its own and everything that another has in it: all settings, under new
 * identifiers and the same names. Not its elastic IP, which has one owner, and not its deletion protection. It is where its
 * subnet is, also when the other is elsewhere from before subnets had zones.
 */
export function cloneLoadBalancer(
  draft: Draft,
  source: LoadBalancerTree,
  input: LoadBalancerClone,
): LoadBalancerRecord {
  const { type, subnetId, specification, description, tags, securityGroupIds, region, zones, nodesPerZone } =
    source.loadBalancer;
  const placed = isWhereItsSubnetIs(draft, source.loadBalancer) ? { region, zones: [...zones] } : {};
  const settings = {
    type,
    subnet: subnetId,
    specification,
    description,
    tags,
    nodesPerZone,
    ...placed,
    securityGroups: [...securityGroupIds],
    ...input,
  };
  const { id: loadBalancerId } = createLoadBalancer(draft, settings);
  const ids = new Map<string, string>();
  const known = (id: string) => ids.get(id)!;
  const mapped = <T extends string | null>(id: T) => (id === null ? null : known(id)) as T;

  for (const { group, targets } of source.groups.values()) {
    const id = draft.newId('targetGroup');
    ids.set(group.id, id);
    draft.create('targetGroup', { ...group, id, loadBalancerId });
    for (const target of targets.values()) {
      draft.create('target', { ...target, id: draft.newId('target'), targetGroupId: id });
    }
  }
  for (const service of source.services.values()) {
    const id = draft.newId('backendService');
    ids.set(service.id, id);
    const targetGroupId = mapped(service.targetGroupId);
    draft.create('backendService', { ...cloneOfService(draft, service, id), loadBalancerId, targetGroupId });
  }
  for (const { group, rules } of source.ruleGroups.values()) {
    const id = draft.newId('ruleGroup');
    ids.set(group.id, id);
    draft.create('ruleGroup', { ...group, id, loadBalancerId });
    for (const rule of rules.values()) {
      draft.create('rule', { ...cloneOfRule(rule, known), id: draft.newId('rule'), ruleGroupId: id });
    }
  }
  for (const listener of source.listeners.values()) {
    draft.create('listener', {
      ...listener,
      id: draft.newId('listener'),
      loadBalancerId,
      backendServiceId: mapped(listener.backendServiceId),
      ruleGroupId: mapped(listener.ruleGroupId),
      serverNames: serverNamesOfClone(listener, known),
    });
  }
  checkQuotasOfNew(draft);
  return draft.loadBalancers.get(loadBalancerId)!.loadBalancer;
}

/** Cookies of one are not taken by the other: it has keys of its own, and its own name for them. */
function cloneOfService(draft: Draft, service: BackendServiceRecord, id: string): BackendServiceRecord {
  const stickiness = { ...service.stickiness, cookieName: cookieNameOfClone(service, id) };
  return { ...service, id, stickiness, stickinessKeys: ensureKeys(draft, stickiness, null) };
}

function cloneOfRule(rule: RuleRecord, known: (id: string) => string): RuleRecord {
  const moved = <T extends { readonly backendServiceId: string }>(to: T): T => {
    return { ...to, backendServiceId: known(to.backendServiceId) };
  };
  return { ...rule, forward: rule.forward?.map(moved) ?? null, mirror: rule.mirror && moved(rule.mirror) };
}

function serverNamesOfClone({ serverNames }: ListenerRecord, known: (id: string) => string) {
  return serverNames.map(({ name, backendServiceId }) => ({ name, backendServiceId: known(backendServiceId) }));
}
