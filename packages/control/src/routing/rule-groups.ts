import type { RuleGroupCreate, RuleGroupPatch } from '@evenkeel/model/resources/rule-group.ts';
import { SERVICE_PROTOCOL } from '@evenkeel/model/settings.ts';
import { refuseField } from '../problem.ts';
import { getLoadBalancerTree } from '../resources/load-balancers.ts';
import { checkName, checkQuota, notFound, refTo } from '../resources/rules.ts';
import type { Draft } from '../state/draft.ts';
import type { ListenerRecord, RuleGroupRecord } from '../state/records.ts';
import { findRuleGroup, type LoadBalancerTree, ruleGroupsOf } from '../state/state.ts';
import { checkGroup, checkListenerOfGroup } from './group-check.ts';
import { replaceRules } from './rules.ts';

export function getRuleGroup(draft: Draft, id: string): RuleGroupRecord {
  return findRuleGroup(draft, id)?.group ?? notFound('rule group', id);
}

/** Creates the group, and its rules when there are some. `at` is the pointer to `input`. */
export function createRuleGroup(
  draft: Draft,
  loadBalancerId: string,
  input: Omit<RuleGroupCreate, 'loadBalancerId'>,
  at = '',
): RuleGroupRecord {
  const tree = getLoadBalancerTree(draft, loadBalancerId, `${at}/loadBalancerId`);
  checkQuota(draft, 'ruleGroupsPerLoadBalancer', tree.ruleGroups.size + 1);
  checkName(ruleGroupsOf(tree), input.name, at);
  const group = draft.create('ruleGroup', {
    id: draft.newId('ruleGroup'),
    name: input.name,
    loadBalancerId,
    order: input.order ?? 'priority',
    description: input.description ?? '',
    tags: input.tags ?? {},
  });
  if (input.rules !== undefined) replaceRules(draft, group.id, input.rules, `${at}/rules`, 'reset');
  return group;
}

export function updateRuleGroup(draft: Draft, group: RuleGroupRecord, patch: RuleGroupPatch, at = ''): RuleGroupRecord {
  const tree = draft.loadBalancers.get(group.loadBalancerId)!;
  if (patch.name !== undefined) checkName(ruleGroupsOf(tree), patch.name, at, group.id);
  const updated = draft.update('ruleGroup', group, patch);
  if (updated.order !== group.order) checkGroup(draft, group.id, () => null, `${at}/order`);
  return updated;
}

/** Its rules go with it; listeners that use it do without from then on. */
export function deleteRuleGroup(draft: Draft, group: RuleGroupRecord): void {
  const tree = draft.loadBalancers.get(group.loadBalancerId)!;
  for (const listener of tree.listeners.values()) {
    if (listener.ruleGroupId === group.id) draft.update('listener', listener, { ruleGroupId: null });
  }
  for (const rule of tree.ruleGroups.get(group.id)!.rules.values()) draft.remove('rule', rule);
  draft.remove('ruleGroup', group);
}

/** The group that a listener of the same load balancer may refer to: it must speak HTTP. */
export function checkRuleGroupReference(
  tree: LoadBalancerTree,
  listener: Pick<ListenerRecord, 'name' | 'protocol' | 'port'>,
  groupId: string,
  at: string,
): string {
  const group = tree.ruleGroups.get(groupId);
  if (group === undefined) {
    refuseField('reference-not-found', at, `there is no rule group ${groupId} in this load balancer`);
  }
  if (SERVICE_PROTOCOL[listener.protocol] !== 'http') {
    refuseField('protocol-mismatch', at, `rules are about HTTP, and the listener speaks ${listener.protocol}`, null);
  }
  checkListenerOfGroup(group, listener, at);
  return groupId;
}

/** The rules that a backend service is used by. */
export function rulesUsing(tree: LoadBalancerTree, serviceId: string) {
  const users = [];
  for (const { rules } of tree.ruleGroups.values()) {
    for (const rule of rules.values()) {
      const uses =
        rule.mirror?.backendServiceId === serviceId ||
        rule.forward?.some(({ backendServiceId }) => backendServiceId === serviceId);
      if (uses) users.push(refTo('rule', rule));
    }
  }
  return users;
}
