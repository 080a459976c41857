import { ID_PREFIXES, type IdKind } from '@evenkeel/model/id-kinds.ts';
import type { ResourceKind } from '@evenkeel/model/resources/operation.ts';
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

/** The objects that a request names: in its path, its query, and the first level of its body. */
export function subjectsOf(state: State, ...parts: readonly unknown[]): Subject[] {
  const ids = new Set<string>();
  for (const part of parts) {
    if (typeof part !== 'object' || part === null) continue;
    for (const value of Object.values(part)) if (typeof value === 'string' && IDENTIFIER.test(value)) ids.add(value);
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
