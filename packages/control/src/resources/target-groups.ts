import type {
  TargetGroupCreate,
  TargetGroupDocument,
  TargetGroupPatch,
} from '@evenkeel/model/resources/target-group.ts';
import { refuseField } from '../problem.ts';
import type { Draft } from '../state/draft.ts';
import type { TargetGroupRecord } from '../state/records.ts';
import { findGroup, groupsOf, type LoadBalancerTree } from '../state/state.ts';
import { getLoadBalancerTree } from './load-balancers.ts';
import { checkName, checkQuota, checkUnused, notFound, refTo } from './rules.ts';
import { registerTargets } from './targets.ts';

export function getTargetGroup(draft: Draft, id: string): TargetGroupRecord {
  return findGroup(draft, id)?.group ?? notFound('target group', id);
}

/** Creates the group, and its targets when there are some. `at` is the pointer to `input`. */
export function createTargetGroup(
  draft: Draft,
  loadBalancerId: string,
  input: Omit<TargetGroupCreate, 'loadBalancerId'> | TargetGroupDocument,
  at = '',
): TargetGroupRecord {
  const tree = getLoadBalancerTree(draft, loadBalancerId, `${at}/loadBalancerId`);
  checkQuota(draft, 'targetGroupsPerLoadBalancer', tree.groups.size + 1);
  checkName(groupsOf(tree), input.name, at);
  const group = draft.create('targetGroup', {
    id: draft.newId('targetGroup'),
    name: input.name,
    loadBalancerId,
    type: input.type ?? 'ip',
    description: input.description ?? '',
    tags: input.tags ?? {},
  });
  if (input.targets !== undefined) registerTargets(draft, group.id, input.targets, `${at}/targets`);
  return group;
}

export function updateTargetGroup(
  draft: Draft,
  group: TargetGroupRecord,
  patch: TargetGroupPatch,
  at = '',
): TargetGroupRecord {
  if (patch.name !== undefined)
    checkName(groupsOf(draft.loadBalancers.get(group.loadBalancerId)!), patch.name, at, group.id);
  return draft.update('targetGroup', group, patch);
}

/** Refused while a backend service uses it. Its targets go with it. */
export function deleteTargetGroup(draft: Draft, group: TargetGroupRecord): void {
  const tree = draft.loadBalancers.get(group.loadBalancerId)!;
  checkUnused(`target group ${group.name}`, usersOfGroup(tree, group.id));
  for (const target of tree.groups.get(group.id)!.targets.values()) draft.remove('target', target);
  draft.remove('targetGroup', group);
}

function usersOfGroup(tree: LoadBalancerTree, groupId: string) {
  return [...tree.services.values()]
    .filter(({ targetGroupId }) => targetGroupId === groupId)
    .map((service) => refTo('backendService', service));
}

/** The group that a service of the same load balancer may refer to. */
export function checkGroupReference(tree: LoadBalancerTree, groupId: string, at: string): string {
  if (tree.groups.has(groupId)) return groupId;
  refuseField('reference-not-found', at, `there is no target group ${groupId} in this load balancer`);
}
