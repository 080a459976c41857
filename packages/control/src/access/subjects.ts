import { ID_PREFIXES, type IdKind } from '@evenkeel/model/id-kinds.ts';
import type { ResourceKind } from '@evenkeel/model/resources/operation.ts';
import { ProblemError } from '../problem.ts';
import type { AnyRecord } from '../state/records.ts';
import {
  findGroup,
  findListener,
  findRuleGroup,
  findService,
  type LoadBalancerTree,
  type State,
} from '../state/state.ts';

/** What a call is about, as access policies see it. */
export interface Subject {
  /** The identifier of the object, and those of what it is within. */
  readonly ids: readonly string[];
  /** Those of the object, and of its load balancer. */
  readonly tags: Readonly<Record<string, string>>;
}

const KINDS = new Map(Object.entries(ID_PREFIXES).map(([kind, prefix]) => [prefix as string, kind as IdKind]));
const IDENTIFIER = /^[a-z]{1,4}-[0-9a-hjkmnp-tv-z]{18}$/;

/** Objects that a request may name when policies hold for who sends it: each of them is looked for. */
const NAMED = 5_000;

/**
 * The objects that a request names: in its path, its query, and anywhere in its body. Throws `validation-failed` when
 * there are too many of them.
 */
export function subjectsOf(state: State, ...parts: readonly unknown[]): Subject[] {
  const ids = new Set<string>();
  // Not by recursion: a body may be as deep as it is long.
  const rest = [...parts];
  while (rest.length > 0) {
    const value = rest.pop();
    if (typeof value === 'string') {
      if (IDENTIFIER.test(value)) ids.add(value);
      if (ids.size > NAMED) throw new ProblemError('validation-failed', `the request names more than ${NAMED} objects`);
    } else if (typeof value === 'object' && value !== null) {
      for (const inner of Object.values(value)) rest.push(inner);
    }
  }
  return Array.from(ids, (id) => subjectFor(state, id));
}

/** An identifier that names nothing is a subject without tags: whoever asks for it hears that from the call itself. */
export function subjectFor(state: State, id: string): Subject {
  switch (KINDS.get(id.slice(0, id.indexOf('-')))) {
    case 'loadBalancer':
      return within(state.loadBalancers.get(id), [id]);
    case 'listener': {
      const found = findListener(state, id);
      return within(found?.tree, [id], found?.listener);
    }
    case 'backendService': {
      const found = findService(state, id);
      return within(found?.tree, [id], found?.service);
    }
    case 'targetGroup': {
      const found = findGroup(state, id);
      return within(found?.tree, [id], found?.group);
    }
    case 'ruleGroup': {
      const found = findRuleGroup(state, id);
      return within(found?.tree, [id], found?.group);
    }
    case 'target':
      for (const tree of state.loadBalancers.values()) {
        for (const { group, targets } of tree.groups.values()) {
          if (targets.has(id)) return within(tree, [id, group.id], targets.get(id));
        }
      }
      return alone(id);
    case 'rule':
      for (const tree of state.loadBalancers.values()) {
        for (const { group, rules } of tree.ruleGroups.values()) {
          if (rules.has(id)) return within(tree, [id, group.id], rules.get(id));
        }
      }
      return alone(id);
    case 'elasticIp':
      return alone(id, state.elasticIps.get(id));
    case 'certificate':
      return alone(id, state.certificates.get(id));
    case 'authority':
      return alone(id, state.authorities.get(id));
    case 'securityPolicy':
      return alone(id, state.securityPolicies.get(id));
    case 'securityGroup':
      return alone(id, state.securityGroups.get(id));
    case 'vpc':
      return alone(id, state.vpcs.get(id));
    case 'subnet':
      return alone(id, state.subnets.get(id));
    case 'region':
      return alone(id, state.regions.get(id));
    case 'zone':
      return alone(id, state.zones.get(id));
    case 'user':
      return alone(id, state.users.get(id));
    case 'tenant':
      return alone(id, state.tenants.get(id));
    case 'accessPolicy':
      return alone(id, state.accessPolicies.get(id));
    default:
      return alone(id);
  }
}

/** A record that is changed, in a state where what it is within can be found. */
export function subjectOfRecord(state: State, kind: ResourceKind, record: AnyRecord): Subject {
  if (kind === 'target' && 'targetGroupId' in record) {
    const { targetGroupId } = record;
    return within(findGroup(state, targetGroupId!)?.tree, [record.id, targetGroupId!], record);
  }
  if (kind === 'rule' && 'ruleGroupId' in record) {
    const { ruleGroupId } = record;
    return within(findRuleGroup(state, ruleGroupId!)?.tree, [record.id, ruleGroupId!], record);
  }
  if (kind === 'loadBalancer') return alone(record.id, record);
  const { loadBalancerId } = record as { loadBalancerId?: string | null };
  return within(loadBalancerId ? state.loadBalancers.get(loadBalancerId) : undefined, [record.id], record);
}

type Tagged = { readonly tags?: Readonly<Record<string, string>> };

function alone(id: string, record: object = {}): Subject {
  return { ids: [id], tags: (record as Tagged).tags ?? {} };
}

function within(tree: LoadBalancerTree | undefined, ids: readonly string[], record: object = {}): Subject {
  const own = (record as Tagged).tags;
  if (tree === undefined) return { ids, tags: own ?? {} };
  return { ids: [...ids, tree.loadBalancer.id], tags: { ...tree.loadBalancer.tags, ...own } };
}
