import type { ResourceKind } from '@evenkeel/model/resources/operation.ts';
import type { AnyRecord } from './records.ts';
import type { LoadBalancerTree, State } from './state.ts';

/**
 * What is about who may do what, and what belongs to the installation: it has a history of its own, and is not brought
 * back with the rest.
 */
export const ACCESS_KINDS: ReadonlySet<ResourceKind> = new Set<ResourceKind>([
  'tenant',
  'accessPolicy',
  'user',
  'token',
  'accessKey',
  'webhook',
  'region',
  'zone',
  'node',
  'specification',
]);

/** All objects of a kind by identifier. Those of load balancers are looked for in each of them. */
export function objectsOf(state: State, kind: ResourceKind): ReadonlyMap<string, AnyRecord> {
  switch (kind) {
    case 'elasticIp':
      return state.elasticIps;
    case 'certificate':
      return state.certificates;
    case 'authority':
      return state.authorities;
    case 'securityPolicy':
      return state.securityPolicies;
    case 'securityGroup':
      return state.securityGroups;
    case 'vpc':
      return state.vpcs;
    case 'subnet':
      return state.subnets;
    case 'specification':
      return state.specifications;
    case 'tenant':
      return state.tenants;
    case 'accessPolicy':
      return state.accessPolicies;
    case 'accessKey':
      return state.accessKeys;
    case 'webhook':
      return state.webhooks;
    case 'region':
      return state.regions;
    case 'zone':
      return state.zones;
    case 'node':
      return state.duties;
    case 'user':
      return state.users;
    case 'token':
      return state.tokens;
    case 'loadBalancer':
    case 'listener':
    case 'backendService':
    case 'targetGroup':
    case 'target':
    case 'ruleGroup':
    case 'rule': {
      const objects = new Map<string, AnyRecord>();
      for (const tree of state.loadBalancers.values()) {
        for (const record of within(tree, kind)) objects.set(record.id, record);
      }
      return objects;
    }
    default:
      return kind satisfies never;
  }
}

type OfLoadBalancers = 'loadBalancer' | 'listener' | 'backendService' | 'targetGroup' | 'target' | 'ruleGroup' | 'rule';

function* within(tree: LoadBalancerTree, kind: OfLoadBalancers): Generator<AnyRecord> {
  switch (kind) {
    case 'loadBalancer':
      yield tree.loadBalancer;
      break;
    case 'listener':
      yield* tree.listeners.values();
      break;
    case 'backendService':
      yield* tree.services.values();
      break;
    case 'targetGroup':
      for (const { group } of tree.groups.values()) yield group;
      break;
    case 'target':
      for (const { targets } of tree.groups.values()) yield* targets.values();
      break;
    case 'ruleGroup':
      for (const { group } of tree.ruleGroups.values()) yield group;
      break;
    case 'rule':
      for (const { rules } of tree.ruleGroups.values()) yield* rules.values();
      break;
    default:
      kind satisfies never;
  }
}
