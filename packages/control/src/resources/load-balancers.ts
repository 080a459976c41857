import type { LoadBalancerCreate } from '@evenkeel/model/resources/document.ts';
import type { LoadBalancerPatch } from '@evenkeel/model/resources/load-balancer.ts';
import { DEFAULT_SUBNET } from '@evenkeel/model/resources/subnet.ts';
import { UNLIMITED } from '@evenkeel/model/specifications.ts';
import { ProblemError, refuseField } from '../problem.ts';
import type { Draft } from '../state/draft.ts';
import { equal } from '../state/equal.ts';
import type { LoadBalancerRecord } from '../state/records.ts';
import { type LoadBalancerTree, loadBalancersOf } from '../state/state.ts';
import { checkName, checkQuota, notFound } from './rules.ts';
import { securityGroupIds as resolveSecurityGroups } from './security-groups.ts';
import { checkSpecification } from './specifications.ts';
import { placeIn } from './subnet-zones.ts';
import { resolveSubnet } from './subnets.ts';
import { allocateVip, changedVip } from './vips.ts';

export type NewLoadBalancer = Pick<
  LoadBalancerCreate,
  | 'name'
  | 'type'
  | 'subnet'
  | 'vip'
  | 'specification'
  | 'securityGroups'
  | 'description'
  | 'tags'
  | 'deletionProtection'
  | 'region'
  | 'zones'
  | 'nodesPerZone'
>;

export function getLoadBalancer(draft: Draft, id: string): LoadBalancerRecord {
  return draft.loadBalancers.get(id)?.loadBalancer ?? notFound('load balancer', id);
}

/** The load balancer that a field of a body names. */
export function getLoadBalancerTree(draft: Draft, id: string, at: string): LoadBalancerTree {
  return draft.loadBalancers.get(id) ?? refuseField('reference-not-found', at, `there is no load balancer ${id}`);
}

/** Creates the load balancer alone; what it contains comes after. `at` is the pointer to `input`. */
export function createLoadBalancer(draft: Draft, input: NewLoadBalancer, at = ''): LoadBalancerRecord {
  const type = input.type ?? 'application';
  checkQuota(draft, 'loadBalancers', draft.loadBalancers.size + 1);
  const id = draft.newId('loadBalancer');
  const name = input.name ?? id;
  checkName(loadBalancersOf(draft), name, at);
  const subnet = resolveSubnet(draft, input.subnet ?? DEFAULT_SUBNET.id, `${at}/subnet`);
  const placed = { ...placeIn(draft, subnet, input, at), nodesPerZone: input.nodesPerZone ?? null };
  return draft.create('loadBalancer', {
    tenantId: draft.tenantId,
    id,
    name,
    type,
    subnetId: subnet.id,
    vip: allocateVip(draft, subnet, input.vip, `${at}/vip`),
    elasticIpId: null,
    specification: checkSpecification(draft, input.specification ?? UNLIMITED.id, `${at}/specification`),
    securityGroupIds: resolveSecurityGroups(draft, input.securityGroups ?? [], `${at}/securityGroups`),
    description: input.description ?? '',
    tags: input.tags ?? {},
    deletionProtection: input.deletionProtection ?? false,
    ...placed,
  });
}

export function updateLoadBalancer(
  draft: Draft,
  loadBalancer: LoadBalancerRecord,
  patch: LoadBalancerPatch,
  at = '',
): LoadBalancerRecord {
  if (patch.name !== undefined) checkName(loadBalancersOf(draft), patch.name, at, loadBalancer.id);
  const { securityGroupIds, vip, ...plain } = patch;
  const { region, subnetId, zones } = loadBalancer;
  // Zones that it has stay as they are: they may be from before its subnet had one.
  const moved = patch.zones !== undefined && !equal(patch.zones, zones) ? { region, zones: patch.zones } : null;
  const placed = moved && placeIn(draft, resolveSubnet(draft, subnetId, at), moved, at);
  if (patch.specification !== undefined) checkSpecification(draft, patch.specification, `${at}/specification`);
  return draft.update('loadBalancer', loadBalancer, {
    ...plain,
    ...placed,
    ...(vip !== undefined && { vip: changedVip(draft, loadBalancer, vip, `${at}/vip`) }),
    ...(securityGroupIds && {
      securityGroupIds: resolveSecurityGroups(draft, securityGroupIds, `${at}/securityGroupIds`),
    }),
  });
}

/** What belongs to it goes with it; its elastic IP is kept, unless it is to be released. */
export function deleteLoadBalancer(draft: Draft, loadBalancer: LoadBalancerRecord, releaseElasticIp = false): void {
  checkUnprotected(loadBalancer);
  draft.context.deletions?.recent.take(draft, loadBalancer);
  removeLoadBalancer(draft, loadBalancer, releaseElasticIp);
}

export function checkUnprotected({ name, deletionProtection }: LoadBalancerRecord): void {
  if (deletionProtection) throw new ProblemError('deletion-protected', `deletion protection of ${name} is on`);
}

/** The same whatever stands in the way. */
export function removeLoadBalancer(draft: Draft, loadBalancer: LoadBalancerRecord, releaseElasticIp: boolean): void {
  const { listeners, services, groups, ruleGroups } = draft.loadBalancers.get(loadBalancer.id)!;
  for (const listener of [...listeners.values()]) draft.remove('listener', listener);
  for (const { group, rules } of [...ruleGroups.values()]) {
    for (const rule of [...rules.values()]) draft.remove('rule', rule);
    draft.remove('ruleGroup', group);
  }
  for (const service of [...services.values()]) draft.remove('backendService', service);
  for (const { group, targets } of [...groups.values()]) {
    for (const target of [...targets.values()]) draft.remove('target', target);
    draft.remove('targetGroup', group);
  }
  if (loadBalancer.elasticIpId !== null) {
    const elasticIp = draft.elasticIps.get(loadBalancer.elasticIpId)!;
    const free = draft.update('elasticIp', elasticIp, { loadBalancerId: null });
    if (releaseElasticIp) draft.remove('elasticIp', free);
  }
  draft.remove('loadBalancer', loadBalancer);
}

/** Whether it has listeners, and none of them is enabled: then nodes have nothing of it, and check nobody's health. */
export function isStopped({ listeners }: LoadBalancerTree): boolean {
  if (listeners.size === 0) return false;
  for (const { enabled } of listeners.values()) if (enabled) return false;
  return true;
}

/** Enables all listeners of a load balancer, or none. */
export function enableListeners(draft: Draft, { id }: LoadBalancerRecord, enabled: boolean): void {
  for (const listener of [...draft.loadBalancers.get(id)!.listeners.values()]) {
    draft.update('listener', listener, { enabled });
  }
}
