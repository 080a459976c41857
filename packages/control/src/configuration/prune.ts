import type { LoadBalancerDocument } from '@evenkeel/model/resources/document.ts';
import { deleteBackendService } from '../resources/backend-services.ts';
import { deleteListener } from '../resources/listeners.ts';
import { deleteTargetGroup } from '../resources/target-groups.ts';
import { servicesOf } from '../resources/usage.ts';
import { deleteRuleGroup } from '../routing/rule-groups.ts';
import type { Draft } from '../state/draft.ts';
import type { RuleRecord } from '../state/records.ts';
import { groupsOf, type LoadBalancerTree, ruleGroupsOf } from '../state/state.ts';
import { listenerName } from './contents.ts';

/** Deletes the listeners that the document does not name: first of all, because their ports may be wanted. */
export function pruneListeners(draft: Draft, loadBalancerId: string, document: LoadBalancerDocument): void {
  const kept = new Set((document.listeners ?? []).map((listener) => listenerName(listener).name));
  for (const listener of [...draft.loadBalancers.get(loadBalancerId)!.listeners.values()]) {
    if (!kept.has(listener.name)) deleteListener(draft, listener);
  }
}

/** Deletes rule groups, services and groups that the document does not name, and that nothing which stays refers to. */
export function pruneServicesAndGroups(draft: Draft, loadBalancerId: string, document: LoadBalancerDocument): void {
  const { services, groups } = namesIn(document);
  const tree = () => draft.loadBalancers.get(loadBalancerId)!;
  pruneRuleGroups(draft, tree(), document);
  for (const listener of tree().listeners.values()) for (const id of servicesOf(listener)) services.add(id);
  for (const { rules } of tree().ruleGroups.values()) for (const rule of rules.values()) addServicesOf(rule, services);
  for (const service of [...tree().services.values()]) {
    if (!services.has(service.name) && !services.has(service.id)) deleteBackendService(draft, service);
  }
  for (const { targetGroupId } of tree().services.values()) if (targetGroupId) groups.add(targetGroupId);
  for (const group of [...groupsOf(tree())]) {
    if (!groups.has(group.name) && !groups.has(group.id)) deleteTargetGroup(draft, group);
  }
}

function pruneRuleGroups(draft: Draft, tree: LoadBalancerTree, { ruleGroups = [] }: LoadBalancerDocument): void {
  const kept = new Set<string | null>(ruleGroups.map(({ name }) => name));
  for (const { ruleGroupId } of tree.listeners.values()) kept.add(ruleGroupId);
  for (const group of [...ruleGroupsOf(tree)]) {
    if (!kept.has(group.name) && !kept.has(group.id)) deleteRuleGroup(draft, group);
  }
}

function addServicesOf({ forward, mirror }: RuleRecord, services: Set<string>): void {
  for (const { backendServiceId } of forward ?? []) services.add(backendServiceId);
  if (mirror !== null) services.add(mirror.backendServiceId);
}

/** Names and identifiers of the services and groups that the document defines or refers to. */
function namesIn(document: LoadBalancerDocument): { services: Set<string>; groups: Set<string> } {
  const services = new Set<string>();
  const groups = new Set((document.targetGroups ?? []).map(({ name }) => name));
  for (const { name, targetGroup, targets } of document.backendServices ?? []) {
    services.add(name);
    if (targets) groups.add(name);
    if (targetGroup) groups.add(targetGroup);
  }
  for (const listener of document.listeners ?? []) {
    if (listener.backendService) services.add(listener.backendService);
    for (const { backendService } of listener.serverNames ?? []) services.add(backendService);
    if (!listener.service) continue;
    const { name = listenerName(listener).name, targetGroup, targets } = listener.service;
    services.add(name);
    if (targets) groups.add(name);
    if (targetGroup) groups.add(targetGroup);
  }
  return { services, groups };
}
