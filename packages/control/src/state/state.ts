import { DEFAULT_TENANT } from '@evenkeel/model/access.ts';
import { LOCAL_REGION, LOCAL_ZONE } from '@evenkeel/model/zones.ts';
import { PLACED_EVERYWHERE, type Placement } from '../placement/placement.ts';
import type {
  AccessKeyRecord,
  AccessPolicyRecord,
  AuthorityRecord,
  BackendServiceRecord,
  CertificateRecord,
  ElasticIpRecord,
  ListenerRecord,
  LoadBalancerRecord,
  NodeDutyRecord,
  RegionRecord,
  RuleGroupRecord,
  RuleRecord,
  SecurityGroupRecord,
  SecurityPolicyRecord,
  SpecificationRecord,
  SubnetRecord,
  TargetGroupRecord,
  TargetRecord,
  TenantRecord,
  TicketKeys,
  TokenRecord,
  UserRecord,
  VpcRecord,
  WebhookRecord,
  ZoneRecord,
} from './records.ts';
import { treeWith } from './whereabouts.ts';

/**
 * The whole configuration at one generation, as a tree of values that never change. A change makes new nodes on the
 * path to what it touches and shares the rest, so that equal means identical. Maps are in order of identifiers, which
 * is the order of creation.
 */
export interface State {
  readonly generation: number;
  readonly loadBalancers: ReadonlyMap<string, LoadBalancerTree>;
  readonly elasticIps: ReadonlyMap<string, ElasticIpRecord>;
  readonly certificates: ReadonlyMap<string, CertificateRecord>;
  readonly authorities: ReadonlyMap<string, AuthorityRecord>;
  readonly securityPolicies: ReadonlyMap<string, SecurityPolicyRecord>;
  readonly securityGroups: ReadonlyMap<string, SecurityGroupRecord>;
  readonly vpcs: ReadonlyMap<string, VpcRecord>;
  readonly subnets: ReadonlyMap<string, SubnetRecord>;
  /** All of them, also in the part of the state that one tenant sees; see scope.ts. */
  readonly tenants: ReadonlyMap<string, TenantRecord>;
  /** Of all tenants; by name. */
  readonly specifications: ReadonlyMap<string, SpecificationRecord>;
  readonly accessPolicies: ReadonlyMap<string, AccessPolicyRecord>;
  readonly users: ReadonlyMap<string, UserRecord>;
  readonly tokens: ReadonlyMap<string, TokenRecord>;
  readonly accessKeys: ReadonlyMap<string, AccessKeyRecord>;
  readonly webhooks: ReadonlyMap<string, WebhookRecord>;
  /** Of the installation, for all tenants; and so are the next three. */
  readonly regions: ReadonlyMap<string, RegionRecord>;
  readonly zones: ReadonlyMap<string, ZoneRecord>;
  /** By name: the nodes that are taken out of use. */
  readonly duties: ReadonlyMap<string, NodeDutyRecord>;
  readonly placement: Placement;
  /** Null until a listener needs them. */
  readonly ticketKeys: TicketKeys | null;
  /** By pool: the address that was given out last, as a number; the next is looked for after it. */
  readonly lastAddresses: ReadonlyMap<string, number>;
}

/** A load balancer with everything that belongs to it. */
export interface LoadBalancerTree {
  readonly loadBalancer: LoadBalancerRecord;
  readonly listeners: ReadonlyMap<string, ListenerRecord>;
  readonly services: ReadonlyMap<string, BackendServiceRecord>;
  readonly groups: ReadonlyMap<string, GroupTree>;
  readonly ruleGroups: ReadonlyMap<string, RuleGroupTree>;
}

export interface GroupTree {
  readonly group: TargetGroupRecord;
  readonly targets: ReadonlyMap<string, TargetRecord>;
}

export interface RuleGroupTree {
  readonly group: RuleGroupRecord;
  readonly rules: ReadonlyMap<string, RuleRecord>;
}

const FIRST_TENANT: TenantRecord = {
  ...DEFAULT_TENANT,
  description: '',
  tags: {},
  quotas: {},
  generation: 0,
  createdAt: 0,
  updatedAt: 0,
};

const FIRST_PLACES = { description: '', tags: {}, generation: 0, createdAt: 0, updatedAt: 0 };

export const EMPTY_STATE: State = {
  generation: 0,
  loadBalancers: new Map(),
  elasticIps: new Map(),
  certificates: new Map(),
  authorities: new Map(),
  securityPolicies: new Map(),
  securityGroups: new Map(),
  vpcs: new Map(),
  subnets: new Map(),
  specifications: new Map(),
  tenants: new Map([[FIRST_TENANT.id, FIRST_TENANT]]),
  accessPolicies: new Map(),
  users: new Map(),
  tokens: new Map(),
  accessKeys: new Map(),
  webhooks: new Map(),
  regions: new Map([[LOCAL_REGION.id, { ...LOCAL_REGION, ...FIRST_PLACES }]]),
  zones: new Map([[LOCAL_ZONE.id, { ...LOCAL_ZONE, region: LOCAL_REGION.name, ...FIRST_PLACES }]]),
  duties: new Map(),
  placement: PLACED_EVERYWHERE,
  ticketKeys: null,
  lastAddresses: new Map(),
};

/** Look-ups by identifier; see whereabouts.ts. */
export function findListener(state: State, id: string): { tree: LoadBalancerTree; listener: ListenerRecord } | null {
  const tree = treeWith(state.loadBalancers, 'listeners', id);
  return tree && { tree, listener: tree.listeners.get(id)! };
}

export function findService(
  state: State,
  id: string,
): { tree: LoadBalancerTree; service: BackendServiceRecord } | null {
  const tree = treeWith(state.loadBalancers, 'services', id);
  return tree && { tree, service: tree.services.get(id)! };
}

export function findGroup(state: State, id: string): ({ tree: LoadBalancerTree } & GroupTree) | null {
  const tree = treeWith(state.loadBalancers, 'groups', id);
  return tree && { tree, ...tree.groups.get(id)! };
}

export function findRuleGroup(state: State, id: string): ({ tree: LoadBalancerTree } & RuleGroupTree) | null {
  const tree = treeWith(state.loadBalancers, 'ruleGroups', id);
  return tree && { tree, ...tree.ruleGroups.get(id)! };
}

/** The first of the values that has the name. */
export function named<T extends { readonly name: string }>(values: Iterable<T>, name: string): T | null {
  for (const value of values) if (value.name === name) return value;
  return null;
}

export function* groupsOf(tree: LoadBalancerTree): Generator<TargetGroupRecord> {
  for (const { group } of tree.groups.values()) yield group;
}

export function* ruleGroupsOf(tree: LoadBalancerTree): Generator<RuleGroupRecord> {
  for (const { group } of tree.ruleGroups.values()) yield group;
}

export function* loadBalancersOf(state: State): Generator<LoadBalancerRecord> {
  for (const { loadBalancer } of state.loadBalancers.values()) yield loadBalancer;
}

/** The newest identifier in use, so that new ones sort after it. */
export function newestId(state: State): string | undefined {
  let newest: string | undefined;
  let suffix = '';
  const visit = (id: string) => {
    const candidate = id.slice(id.indexOf('-') + 1);
    if (candidate > suffix) {
      newest = id;
      suffix = candidate;
    }
  };
  const { elasticIps, certificates, authorities, securityPolicies, securityGroups } = state;
  const { vpcs, subnets, tenants, accessPolicies, users, tokens, accessKeys, webhooks, regions, zones } = state;
  const ofTenants = [elasticIps, certificates, authorities, securityPolicies, securityGroups, vpcs, subnets];
  const parts = [...ofTenants, tenants, accessPolicies, users, tokens, accessKeys, webhooks, regions, zones];
  for (const part of parts) {
    for (const id of part.keys()) visit(id);
  }
  for (const [id, tree] of state.loadBalancers) {
    visit(id);
    for (const part of [tree.listeners, tree.services, tree.groups, tree.ruleGroups]) {
      for (const key of part.keys()) visit(key);
    }
    for (const { targets } of tree.groups.values()) for (const key of targets.keys()) visit(key);
    for (const { rules } of tree.ruleGroups.values()) for (const key of rules.keys()) visit(key);
  }
  return newest;
}
