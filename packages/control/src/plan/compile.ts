import { combineHashes, planEntry } from '@evenkeel/model/plan/hash.ts';
import type { NodePlan, PlanEntry } from '@evenkeel/model/plan/plan.ts';
import { isStopped } from '../resources/load-balancers.ts';
import type { GroupTree, LoadBalancerTree, State } from '../state/state.ts';
import { planListener } from './listener.ts';
import { PartedEntries, type TreePart } from './parts.ts';
import { hold, referencesOf } from './references.ts';
import { ruleGroupEntry } from './rule-group.ts';
import { planService } from './service.ts';
import { compileShared } from './shared.ts';

/** A node plan whose entries are kept by load balancer, so that two plans are compared by what they do not share. */
export interface CompiledPlan extends NodePlan {
  readonly entries: PartedEntries;
}

/**
 * The plan of all load balancers; what a node has of it is made by `planOnNode`. A pure function: the same state has the
 * same plan. What did not change since `previous` is in the plan as the same object, and costs nothing.
 */
export function compile(state: State, previous: CompiledPlan | null): CompiledPlan {
  const known = previous?.entries.parts;
  const parts = new Map<string, TreePart>();
  // The hash of the whole is carried on: what is in it twice is out of it.
  const changed: string[] = [];
  let kept = 0;
  for (const [id, tree] of state.loadBalancers) {
    const before = known?.get(id) ?? null;
    if (before !== null) kept++;
    const same = before?.source === tree && hold(before.references, tree, state);
    const part = same ? before : compileTree(tree, state, before);
    parts.set(id, part);
    if (part !== before) changed.push(before?.hash ?? '', part.hash);
  }
  if (known !== undefined && kept < known.size) {
    for (const [id, { hash }] of known) if (!parts.has(id)) changed.push(hash);
  }
  const old = previous?.entries.shared;
  const shared = compileShared(state, parts, previous?.entries ?? null);
  if (shared !== old) changed.push(old?.hash ?? '', shared.hash);
  const hash = combineHashes([previous?.hash ?? '', ...changed]);
  return { version: state.generation, hash, entries: new PartedEntries(parts, shared) };
}

function compileTree(tree: LoadBalancerTree, state: State, before: TreePart | null): TreePart {
  const { loadBalancer } = tree;
  const references = referencesOf(tree, state, before?.references ?? null);
  const { elasticIp } = references;
  const old = before?.source ?? null;
  const { specification } = references;
  const sameOwner = old?.loadBalancer === loadBalancer && before?.references.specification === specification;
  const entries = new Map<string, PlanEntry>();
  /** Takes the entry of before when what it was made of is the same object. */
  const add = (key: string, same: boolean, make: () => PlanEntry) => {
    const kept = before?.entries.get(key);
    if (kept !== undefined && same) entries.set(key, kept);
    else {
      const made = make();
      entries.set(key, kept?.hash === made.hash ? kept : made);
    }
  };

  const groups = new Set<string>();
  for (const [id, service] of isStopped(tree) ? [] : tree.services) {
    add(`service/${id}`, old?.services.get(id) === service, () => planEntry('service', planService(service)));
    if (service.targetGroupId !== null) groups.add(service.targetGroupId);
  }
  for (const id of groups) {
    const group = tree.groups.get(id)!;
    add(`group/${id}`, old?.groups.get(id) === group, () => planEntry('group', planGroup(group)));
  }
  const ruleGroups = new Set<string>();
  for (const [id, listener] of tree.listeners) {
    if (!listener.enabled) continue;
    if (listener.ruleGroupId !== null) ruleGroups.add(listener.ruleGroupId);
    const policy = references.policies.get(listener.securityPolicyId) ?? null;
    const samePolicy = policy === null || before?.references.policies.get(listener.securityPolicyId) === policy;
    const sameElasticIp = before?.references.elasticIp === elasticIp;
    const same = sameOwner && samePolicy && sameElasticIp && old?.listeners.get(id) === listener;
    add(`listener/${id}`, same, () =>
      planEntry('listener', planListener(loadBalancer, listener, elasticIp, policy, specification)),
    );
  }
  for (const id of ruleGroups) {
    const group = tree.ruleGroups.get(id)!;
    const same = old?.ruleGroups.get(id) === group;
    add(`rule-group/${id}`, same, () => ruleGroupEntry(group));
  }
  return { source: tree, references, entries, hash: combineHashes(Array.from(entries.values(), ({ hash }) => hash)) };
}

function planGroup({ group, targets }: GroupTree) {
  return {
    id: group.id,
    name: group.name,
    targets: Array.from(targets.values(), ({ id, address, port, weight, zone, state }) => ({
      id,
      address,
      port: port ?? 0,
      weight,
      zone,
      state,
    })),
  };
}
