import { combineHashes, planEntry } from '@evenkeel/model/plan/hash.ts';
import type { NodePlan, PlanEntry } from '@evenkeel/model/plan/plan.ts';
import { isStopped } from '../resources/load-balancers.ts';
import { OverlaidMap } from '../state/overlaid-map.ts';
import type { GroupTree, LoadBalancerTree, State } from '../state/state.ts';
import { planListener } from './listener.ts';
import { differing, PartedEntries, type Parts, type TreePart } from './parts.ts';
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
 * same plan. What did not change since `previous` is in the plan as the same object, and costs nothing. `before` is the
 * state that `previous` was made of: with it, what did not change is not even looked at.
 */
export function compile(state: State, previous: CompiledPlan | null, before: State | null = null): CompiledPlan {
  const known = previous?.entries.parts ?? NO_PARTS;
  const suspects = before === null ? null : suspectsOf(before, state);
  const parts = suspects === null ? compileAll(state, known) : compileSome(state, known, suspects);
  // The hash of the whole is carried on: what is in it twice is out of it.
  const changed: string[] = [];
  for (const id of differing(known, parts)) changed.push(known.get(id)?.hash ?? '', parts.get(id)?.hash ?? '');
  const old = previous?.entries.shared;
  const shared = compileShared(state, parts, previous?.entries ?? null);
  if (shared !== old) changed.push(old?.hash ?? '', shared.hash);
  const hash = combineHashes([previous?.hash ?? '', ...changed]);
  return { version: state.generation, hash, entries: new PartedEntries(parts, shared) };
}

const NO_PARTS: Parts = new Map();

/** The load balancers that may have other parts in the one state than in the other; null: all may. */
function suspectsOf(before: State, state: State): ReadonlySet<string> | null {
  const outside =
    before.elasticIps === state.elasticIps &&
    before.securityPolicies === state.securityPolicies &&
    before.specifications === state.specifications;
  return outside ? OverlaidMap.suspects(before.loadBalancers, state.loadBalancers) : null;
}

function compileAll(state: State, known: Parts): Parts {
  const parts = new Map<string, TreePart>();
  for (const [id, tree] of state.loadBalancers) parts.set(id, compilePart(tree, state, known.get(id) ?? null));
  return parts;
}

function compileSome(state: State, known: Parts, suspects: ReadonlySet<string>): Parts {
  const parts = new OverlaidMap(known);
  for (const id of suspects) {
    const before = known.get(id)!;
    const part = compilePart(state.loadBalancers.get(id)!, state, before);
    if (part !== before) parts.set(id, part);
  }
  return parts.touched ? parts : known;
}

/** The part of before where it is still right. */
function compilePart(tree: LoadBalancerTree, state: State, before: TreePart | null): TreePart {
  const same = before?.source === tree && hold(before.references, tree, state);
  return same ? before : compileTree(tree, state, before);
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
