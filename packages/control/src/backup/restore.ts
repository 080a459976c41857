import type { ResourceKind } from '@evenkeel/model/resources/operation.ts';
import { ProblemError } from '../problem.ts';
import type { Draft } from '../state/draft.ts';
import type { AnyRecord, RecordOf, Stamped } from '../state/records.ts';
import type { State } from '../state/state.ts';

/** Kinds in the order in which objects refer to each other: each after those that it names. */
const ORDER = [
  'elasticIp',
  'certificate',
  'authority',
  'securityPolicy',
  'securityGroup',
  'loadBalancer',
  'targetGroup',
  'target',
  'backendService',
  'ruleGroup',
  'rule',
  'listener',
] as const satisfies readonly ResourceKind[];

/**
 * Makes the draft what the state of its tenant is: objects keep their identifiers, and what is the same stays untouched.
 * Throws a ProblemError when an address was given to somebody else.
 */
export function restoreInto(draft: Draft, state: State): void {
  checkAddresses(draft, state);
  for (const kind of ORDER.toReversed()) {
    const wanted = recordsOf(state, kind);
    for (const [id, record] of recordsOf(draft, kind)) if (!wanted.has(id)) draft.remove(kind, record as never);
  }
  for (const kind of ORDER) {
    const present = recordsOf(draft, kind);
    for (const [id, record] of recordsOf(state, kind)) {
      const known = present.get(id);
      if (known === undefined) draft.create(kind, unstamped(record) as never);
      else draft.update(kind, known as never, unstamped(record) as never);
    }
  }
  draft.putPartsInOrder();
}

/** Refuses what another tenant has taken since: an address belongs to one load balancer or elastic IP. */
function checkAddresses(draft: Draft, state: State): void {
  const taken = new Set<string>();
  for (const { loadBalancer } of draft.whole.loadBalancers.values()) {
    if (loadBalancer.tenantId !== draft.tenantId) taken.add(loadBalancer.vip);
  }
  for (const { tenantId, address } of draft.whole.elasticIps.values()) {
    if (tenantId !== draft.tenantId) taken.add(address);
  }
  const wanted = [
    ...[...state.loadBalancers.values()].map(({ loadBalancer: { name, vip } }) => ({ name, address: vip })),
    ...state.elasticIps.values(),
  ];
  for (const { name, address } of wanted) {
    if (taken.has(address))
      throw new ProblemError('address-taken', `${address} of ${name} is in use by another tenant`);
  }
}

/** How many objects there are, of all kinds. */
export function objectsIn(state: State): number {
  return ORDER.reduce((sum, kind) => sum + recordsOf(state, kind).size, 0);
}

function recordsOf(state: State, kind: (typeof ORDER)[number]): ReadonlyMap<string, AnyRecord> {
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
    default:
      return new Map([...ofLoadBalancers(state, kind)].map((record) => [record.id, record]));
  }
}

function* ofLoadBalancers(
  state: State,
  kind: Exclude<(typeof ORDER)[number], 'elasticIp' | 'certificate' | 'authority' | 'securityPolicy' | 'securityGroup'>,
): Generator<AnyRecord> {
  for (const { loadBalancer, groups, services, ruleGroups, listeners } of state.loadBalancers.values()) {
    switch (kind) {
      case 'loadBalancer':
        yield loadBalancer;
        break;
      case 'targetGroup':
        for (const { group } of groups.values()) yield group;
        break;
      case 'target':
        for (const { targets } of groups.values()) yield* targets.values();
        break;
      case 'backendService':
        yield* services.values();
        break;
      case 'ruleGroup':
        for (const { group } of ruleGroups.values()) yield group;
        break;
      case 'rule':
        for (const { rules } of ruleGroups.values()) yield* rules.values();
        break;
      case 'listener':
        yield* listeners.values();
        break;
    }
  }
}

function unstamped(record: AnyRecord): Omit<RecordOf[ResourceKind], Stamped> {
  const { generation: _, createdAt: __, updatedAt: ___, ...rest } = record;
  return rest as Omit<RecordOf[ResourceKind], Stamped>;
}
