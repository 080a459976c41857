import { INSTALLATION_QUOTAS, type QuotaName, type Quotas } from '@evenkeel/model/limits.ts';
import { QUOTA_PARENT, type Quota } from '@evenkeel/model/resources/quota.ts';
import { notFound } from '../resources/rules.ts';
import type { State } from '../state/state.ts';

export interface QuotaSources {
  /** As the tenant sees it. */
  readonly state: State;
  /** Those of the tenant, and those of the installation. */
  readonly quotas: Quotas;
  readonly installation: Quotas;
  /** Nodes that are known. */
  readonly nodes: number;
  /** Entries in the block list of the tenant. */
  readonly blocked: number;
  /** How many load balancers were deleted lately, by the name of the region. */
  readonly deletions: ReadonlyMap<string, number>;
}

interface QuotaQuery {
  readonly name?: QuotaName;
  /** The load balancer, group, user or region that it is about. */
  readonly parentId?: string;
  /** Whether quotas of the installation are shown. */
  readonly everywhere: boolean;
}

/** Quotas with what is used of each, in the order of the model. Throws when there is no such parent. */
export function listQuotas(sources: QuotaSources, { name, parentId, everywhere }: QuotaQuery): Quota[] {
  const { quotas, installation } = sources;
  const names = (Object.keys(quotas) as QuotaName[]).filter((one) => {
    return (name ?? one) === one && (everywhere || !(INSTALLATION_QUOTAS as readonly QuotaName[]).includes(one));
  });
  const counted = names.map((one) => ({ one, counts: new Map(countsOf(one, sources)) }));
  const shown = parentId === undefined ? counted : counted.filter(({ counts }) => counts.has(parentId));
  if (parentId !== undefined && shown.length === 0) notFound('object that quotas are counted within', parentId);
  return shown.map(({ one, counts }) => {
    const [parent, used] = parentId === undefined ? most(counts) : [parentId, counts.get(parentId)!];
    return {
      name: one,
      limit: quotas[one],
      installationLimit: installation[one],
      used,
      per: QUOTA_PARENT[one],
      parentId: parent === '' ? null : parent,
    };
  });
}

/** Identifiers of parents with how many each has; the identifier is empty where there is one parent only. */
function* countsOf(
  name: QuotaName,
  { state, nodes, blocked, deletions }: QuotaSources,
): Generator<[parentId: string, used: number]> {
  switch (name) {
    case 'loadBalancers':
    case 'elasticIps':
    case 'certificates':
    case 'authorities':
    case 'securityPolicies':
    case 'securityGroups':
    case 'vpcs':
    case 'subnets':
    case 'accessPolicies':
    case 'webhooks':
    case 'users':
    case 'tenants':
      yield ['', state[name].size];
      return;
    case 'blockListEntries':
      yield ['', blocked];
      return;
    case 'loadBalancerDeletions':
      for (const { id, name } of state.regions.values()) yield [id, deletions.get(name) ?? 0];
      return;
    case 'nodes':
      yield ['', nodes];
      return;
    case 'listenersPerLoadBalancer':
      for (const [id, { listeners }] of state.loadBalancers) yield [id, listeners.size];
      return;
    case 'backendServicesPerLoadBalancer':
      for (const [id, { services }] of state.loadBalancers) yield [id, services.size];
      return;
    case 'targetGroupsPerLoadBalancer':
      for (const [id, { groups }] of state.loadBalancers) yield [id, groups.size];
      return;
    case 'ruleGroupsPerLoadBalancer':
      for (const [id, { ruleGroups }] of state.loadBalancers) yield [id, ruleGroups.size];
      return;
    case 'targetsPerTargetGroup':
      for (const { groups } of state.loadBalancers.values())
        for (const [id, { targets }] of groups) yield [id, targets.size];
      return;
    case 'rulesPerRuleGroup':
      for (const { ruleGroups } of state.loadBalancers.values())
        for (const [id, { rules }] of ruleGroups) yield [id, rules.size];
      return;
    case 'accessKeysPerUser':
      yield* countByUser(state, state.accessKeys.values());
      return;
    case 'tokensPerUser':
      yield* countByUser(state, state.tokens.values());
      return;
    default:
      name satisfies never;
  }
}

function countByUser(
  { users }: Pick<State, 'users'>,
  owned: Iterable<{ readonly userId: string }>,
): Iterable<[string, number]> {
  const counts = new Map(Array.from(users.keys(), (id): [string, number] => [id, 0]));
  for (const { userId } of owned) counts.set(userId, (counts.get(userId) ?? 0) + 1);
  return counts;
}

/** The parent that has most; with no parents at all, nothing is used. */
function most(counts: ReadonlyMap<string, number>): [parentId: string, used: number] {
  let found: [string, number] = ['', 0];
  for (const entry of counts) if (entry[1] > found[1] || found[0] === '') found = entry;
  return found;
}
