import type { SpecificationLimits } from '@evenkeel/model/specifications.ts';
import type { TlsSettings } from '@evenkeel/model/tls-ciphers.ts';
import { isStopped } from '../resources/load-balancers.ts';
import { findSecurityPolicy } from '../resources/security-policies.ts';
import { findSpecification } from '../resources/specifications.ts';
import { certificatesOf, endsTls } from '../resources/usage.ts';
import type { ElasticIpRecord, ListenerRecord } from '../state/records.ts';
import type { LoadBalancerTree, State } from '../state/state.ts';
import { planProbeTls } from './health-check.ts';
import { planTargetTls, planTls } from './tls.ts';

/** What the entries of a load balancer take from outside of it. */
export interface References {
  /** Keys of the shared entries that have to be in the plan. */
  readonly shared: ReadonlySet<string>;
  /** By identifier: the security policies that are worked into listeners. */
  readonly policies: ReadonlyMap<string, TlsSettings>;
  /** Whose address and bandwidth are worked into listeners; null: there is none. */
  readonly elasticIp: ElasticIpRecord | null;
  /** What the load balancer may take. */
  readonly specification: SpecificationLimits;
}

/** The references of a tree: the same object as `before` when they are equal. */
export function referencesOf(tree: LoadBalancerTree, state: State, before: References | null): References {
  const shared = new Set<string>();
  const policies = new Map<string, TlsSettings>();
  for (const listener of tree.listeners.values()) {
    if (!listener.enabled || !endsTls(listener.protocol)) continue;
    const policy = findSecurityPolicy(state, listener.securityPolicyId)!;
    policies.set(listener.securityPolicyId, policy);
    for (const key of sharedBy(listener, policy)) shared.add(key);
  }
  if (tree.listeners.values().some(({ enabled }) => enabled)) {
    for (const id of tree.loadBalancer.securityGroupIds) shared.add(`security-group/${id}`);
  }
  for (const service of isStopped(tree) ? [] : tree.services.values()) {
    for (const tls of [planTargetTls(service), planProbeTls(service.healthCheck, service)]) {
      if (tls?.authorityId) shared.add(`authority/${tls.authorityId}`);
    }
  }
  const specification = specificationOf(tree, state);
  const { elasticIpId } = tree.loadBalancer;
  const elasticIp = elasticIpId === null ? null : state.elasticIps.get(elasticIpId)!;
  if (before !== null && sameKeys(before.shared, shared)) {
    const isSame =
      samePolicies(before.policies, policies) &&
      before.elasticIp === elasticIp &&
      before.specification === specification;
    return isSame ? before : { shared: before.shared, policies, elasticIp, specification };
  }
  return { shared, policies, elasticIp, specification };
}

/** Whether entries that were made with these references are still right. */
export function hold(references: References, tree: LoadBalancerTree, state: State): boolean {
  const { policies, elasticIp, specification } = references;
  if (specificationOf(tree, state) !== specification) return false;
  if (elasticIp !== null && state.elasticIps.get(elasticIp.id) !== elasticIp) return false;
  for (const [id, policy] of policies) if (findSecurityPolicy(state, id) !== policy) return false;
  return true;
}

function specificationOf({ loadBalancer }: LoadBalancerTree, state: State): SpecificationLimits {
  return findSpecification(state, loadBalancer.specification)!;
}

function* sharedBy(listener: ListenerRecord, policy: TlsSettings): Generator<string> {
  const planned = planTls(listener, policy)!;
  for (const id of certificatesOf(listener)) yield `certificate/${id}`;
  if (planned.clientCertificates !== null) yield `authority/${planned.clientCertificates.authorityId}`;
  if (planned.sessionTickets) yield 'ticket-keys/current';
}

function sameKeys(a: ReadonlySet<string>, b: ReadonlySet<string>): boolean {
  return a.size === b.size && a.isSubsetOf(b);
}

function samePolicies(a: References['policies'], b: References['policies']): boolean {
  return a.size === b.size && [...a].every(([id, policy]) => b.get(id) === policy);
}
