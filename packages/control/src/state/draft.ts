import { DEFAULT_TENANT } from '@evenkeel/model/access.ts';
import { ID_PREFIXES, type IdKind } from '@evenkeel/model/identifiers.ts';
import type { ResourceKind } from '@evenkeel/model/resources/operation.ts';
import type { Placement } from '../placement/placement.ts';
import type { Change, DraftContext } from './change.ts';
import { equal } from './equal.ts';
import { GLOBAL } from './global-kinds.ts';
import { OverlaidMap } from './overlaid-map.ts';
import type { AnyRecord, ElasticIpRecord, RecordOf, Stamped, TicketKeys } from './records.ts';
import { inOrder, isAllOf, merged, refill, scopedTo, settle } from './scope.ts';
import type { GroupTree, LoadBalancerTree, RuleGroupTree, State } from './state.ts';
import { treeWith } from './whereabouts.ts';

export type { Change, DraftContext };

type Unstamped<T> = Omit<T, Stamped>;
type Writable<T> = { -readonly [K in keyof T]: T[K] extends ReadonlyMap<infer K2, infer V> ? Map<K2, V> : T[K] };

/** In place of a tenant: the draft is of all of them. */
export const EVERY_TENANT = '';

type GlobalKind = keyof typeof GLOBAL;
type Global = (typeof GLOBAL)[GlobalKind];
type OtherKind = Exclude<ResourceKind, GlobalKind>;

/**
 * The next state while it is made, as one tenant sees it: what belongs to others is neither found nor changed. Reading it as a `State` shows the changes so far; the state that it began with stays
 * as it is, and shares with the new one whatever was not touched. A draft that is not finished has no effect.
 */
export class Draft implements State {
  readonly context: DraftContext;
  readonly loadBalancers: OverlaidMap<LoadBalancerTree>;
  readonly elasticIps: OverlaidMap<ElasticIpRecord>;
  certificates: State['certificates'];
  authorities: State['authorities'];
  securityPolicies: State['securityPolicies'];
  securityGroups: State['securityGroups'];
  vpcs: State['vpcs'];
  subnets: State['subnets'];
  specifications: State['specifications'];
  tenants: State['tenants'];
  accessPolicies: State['accessPolicies'];
  users: State['users'];
  tokens: State['tokens'];
  accessKeys: State['accessKeys'];
  webhooks: State['webhooks'];
  regions: State['regions'];
  zones: State['zones'];
  duties: State['duties'];
  placement: Placement;
  ticketKeys: TicketKeys | null;
  readonly lastAddresses: Map<string, number>;
  /** The tenant whose draft it is. */
  readonly tenantId: string;
  /** The state that it began with, as the tenant sees it. */
  readonly base: State;
  /** The same with all tenants, for what they share: addresses, and what a plan can carry. */
  readonly whole: State;
  readonly #changes = new Map<string, Change>();
  readonly #given: string[] = [];
  readonly #reserved: string[] = [];
  /** Trees and maps that this draft made, and may change in place until it is finished. */
  readonly #owned = new WeakSet<object>();

  constructor(whole: State, context: DraftContext, tenantId: string = DEFAULT_TENANT.id) {
    const base = tenantId === EVERY_TENANT ? whole : scopedTo(whole, tenantId);
    this.whole = whole;
    this.base = base;
    this.tenantId = tenantId;
    this.context = context;
    this.loadBalancers = new OverlaidMap(base.loadBalancers);
    this.elasticIps = new OverlaidMap(base.elasticIps);
    this.certificates = base.certificates;
    this.authorities = base.authorities;
    this.securityPolicies = base.securityPolicies;
    this.securityGroups = base.securityGroups;
    this.vpcs = base.vpcs;
    this.subnets = base.subnets;
    this.specifications = base.specifications;
    this.tenants = base.tenants;
    this.accessPolicies = base.accessPolicies;
    this.users = base.users;
    this.tokens = base.tokens;
    this.accessKeys = base.accessKeys;
    this.webhooks = base.webhooks;
    this.regions = base.regions;
    this.zones = base.zones;
    this.duties = base.duties;
    this.placement = base.placement;
    this.ticketKeys = base.ticketKeys;
    this.lastAddresses = new Map(base.lastAddresses);
  }

  /** The generation that the changes belong to: a new one, even as long as there are none. */
  get generation(): number {
    return this.base.generation + 1;
  }

  /** The generation of the state that it will be: the old one as long as nothing has changed. */
  get resultingGeneration(): number {
    return this.#changed ? this.generation : this.base.generation;
  }

  get changes(): Change[] {
    return [...this.#changes.values()];
  }

  /** The next state, with all tenants. It is the one that the draft began with when nothing has changed. */
  finish(): State {
    return settle(this.proceed());
  }

  /** The same, to begin the next draft with: it costs less, and takes `settle` in the end. */
  proceed(): State {
    if (!this.#changed) return this.whole;
    const { whole, base, generation, ticketKeys, lastAddresses, tenants, specifications, regions, zones, placement } =
      this;
    const loadBalancers = merged(whole.loadBalancers, base.loadBalancers, this.loadBalancers);
    if (base.loadBalancers === whole.loadBalancers && this.tenantId !== EVERY_TENANT) {
      isAllOf(loadBalancers, this.tenantId);
    }
    return {
      generation,
      loadBalancers,
      elasticIps: merged(whole.elasticIps, base.elasticIps, this.elasticIps),
      certificates: merged(whole.certificates, base.certificates, this.certificates),
      authorities: merged(whole.authorities, base.authorities, this.authorities),
      securityPolicies: merged(whole.securityPolicies, base.securityPolicies, this.securityPolicies),
      securityGroups: merged(whole.securityGroups, base.securityGroups, this.securityGroups),
      vpcs: merged(whole.vpcs, base.vpcs, this.vpcs),
      subnets: merged(whole.subnets, base.subnets, this.subnets),
      specifications,
      tenants,
      accessPolicies: merged(whole.accessPolicies, base.accessPolicies, this.accessPolicies),
      users: merged(whole.users, base.users, this.users),
      tokens: merged(whole.tokens, base.tokens, this.tokens),
      accessKeys: merged(whole.accessKeys, base.accessKeys, this.accessKeys),
      webhooks: merged(whole.webhooks, base.webhooks, this.webhooks),
      regions,
      zones,
      duties: inOrder(this.duties),
      placement,
      ticketKeys,
      lastAddresses,
    };
  }

  /**
   * Puts what was created under an earlier identifier where it belongs among the parts of load balancers; `finish` does
   * so for all else. What this draft has not touched is in order.
   */
  putPartsInOrder(): void {
    for (const [id, tree] of this.loadBalancers) {
      const before = this.base.loadBalancers.get(id);
      if (tree === before) continue;
      for (const part of ['listeners', 'services', 'groups', 'ruleGroups'] as const) {
        const sorted = inOrder<unknown>(tree[part]);
        if (sorted !== tree[part]) this.#tree(id)[part] = this.#own(sorted as Map<string, never>) as never;
      }
      for (const [groupId, { targets }] of tree.groups) {
        if (targets !== before?.groups.get(groupId)?.targets) refill(() => this.#targets(groupId), targets);
      }
      for (const [groupId, { rules }] of tree.ruleGroups) {
        if (rules !== before?.ruleGroups.get(groupId)?.rules) refill(() => this.#rules(groupId), rules);
      }
    }
  }

  get #changed(): boolean {
    const { ticketKeys, placement } = this.base;
    return this.#changes.size > 0 || this.ticketKeys !== ticketKeys || this.placement !== placement;
  }

  newId(kind: IdKind): string {
    const [next] = this.#reserved;
    const id = next?.startsWith(`${ID_PREFIXES[kind]}-`) ? this.#reserved.shift()! : this.context.ids.next(kind);
    this.#given.push(id);
    return id;
  }

  /** The identifiers that it has given out, in order. */
  get givenIds(): readonly string[] {
    return this.#given;
  }

  /**
   * Gives these out first, in order: those that another draft gave, whose changes are made again. What is created under
   * them may have to be put in order, see `putPartsInOrder`.
   */
  reserveIds(ids: readonly string[]): void {
    this.#reserved.push(...ids);
  }

  /** Adds the record, stamped with this generation and time. Its parents must exist. */
  create<K extends ResourceKind>(kind: K, record: Unstamped<RecordOf[K]>): RecordOf[K] {
    const { now } = this.context;
    const created = {
      ...record,
      generation: this.generation,
      createdAt: now,
      updatedAt: now,
    } as unknown as RecordOf[K];
    this.#put(kind, created);
    this.#note(kind, created.id, null, created);
    return created;
  }

  /** Puts a record in place as it is, stamps included: another process has written it. */
  adopt<K extends ResourceKind>(kind: K, record: RecordOf[K]): void {
    this.#put(kind, record);
    this.#note(kind, record.id, null, record);
  }

  /** Puts the changed fields in place; the same record when they have the values that it has. */
  update<K extends ResourceKind>(kind: K, record: RecordOf[K], fields: Partial<Unstamped<RecordOf[K]>>): RecordOf[K] {
    const changed = Object.entries(fields).some(
      ([field, value]) => value !== undefined && !equal(value, record[field as keyof RecordOf[K]]),
    );
    if (!changed) return record;
    const given = Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));
    const updated = { ...record, ...given, generation: this.generation, updatedAt: this.context.now };
    this.#put(kind, updated);
    this.#note(kind, record.id, record, updated);
    return updated;
  }

  /** Removes the record alone: what belongs to it must be gone. */
  remove<K extends ResourceKind>(kind: K, record: RecordOf[K]): void {
    const { id } = record;
    const part = GLOBAL[kind as GlobalKind];
    if (part !== undefined) this.#global(part).delete(id);
    else this.#removeOther(kind as OtherKind, record);
    this.#note(kind, id, record, null);
  }

  #removeOther(kind: OtherKind, record: AnyRecord): void {
    const { id } = record;
    switch (kind) {
      case 'loadBalancer':
        this.loadBalancers.delete(id);
        break;
      case 'elasticIp':
        this.elasticIps.delete(id);
        break;
      case 'listener':
        this.#map(this.#tree((record as RecordOf['listener']).loadBalancerId), 'listeners').delete(id);
        break;
      case 'backendService':
        this.#map(this.#tree((record as RecordOf['backendService']).loadBalancerId), 'services').delete(id);
        break;
      case 'targetGroup':
        this.#map(this.#tree((record as RecordOf['targetGroup']).loadBalancerId), 'groups').delete(id);
        break;
      case 'target':
        this.#targets((record as RecordOf['target']).targetGroupId).delete(id);
        break;
      case 'ruleGroup':
        this.#map(this.#tree((record as RecordOf['ruleGroup']).loadBalancerId), 'ruleGroups').delete(id);
        break;
      case 'rule':
        this.#rules((record as RecordOf['rule']).ruleGroupId).delete(id);
        break;
      default:
        kind satisfies never;
    }
  }

  #put<K extends ResourceKind>(kind: K, record: RecordOf[K]): void {
    if ('tenantId' in record && this.tenantId !== EVERY_TENANT && record.tenantId !== this.tenantId) {
      throw new Error(`${record.id} is of ${record.tenantId}, and this is a draft of ${this.tenantId}`);
    }
    const part = GLOBAL[kind as GlobalKind];
    if (part !== undefined) {
      (this.#global(part) as Map<string, AnyRecord>).set(record.id, record);
      return;
    }
    const entry = { kind, record } as unknown as { [Q in OtherKind]: { kind: Q; record: RecordOf[Q] } }[OtherKind];
    switch (entry.kind) {
      case 'loadBalancer': {
        const known = this.loadBalancers.has(entry.record.id);
        if (known) this.#tree(entry.record.id).loadBalancer = entry.record;
        else this.loadBalancers.set(entry.record.id, this.#newTree(entry.record));
        break;
      }
      case 'elasticIp':
        this.elasticIps.set(entry.record.id, entry.record);
        break;
      case 'listener':
        this.#map(this.#tree(entry.record.loadBalancerId), 'listeners').set(entry.record.id, entry.record);
        break;
      case 'backendService':
        this.#map(this.#tree(entry.record.loadBalancerId), 'services').set(entry.record.id, entry.record);
        break;
      case 'targetGroup': {
        const groups = this.#map(this.#tree(entry.record.loadBalancerId), 'groups');
        const targets = groups.get(entry.record.id)?.targets ?? new Map();
        groups.set(entry.record.id, { group: entry.record, targets });
        break;
      }
      case 'target':
        this.#targets(entry.record.targetGroupId).set(entry.record.id, entry.record);
        break;
      case 'ruleGroup': {
        const groups = this.#map(this.#tree(entry.record.loadBalancerId), 'ruleGroups');
        const rules = groups.get(entry.record.id)?.rules ?? this.#own(new Map());
        groups.set(entry.record.id, { group: entry.record, rules });
        break;
      }
      case 'rule':
        this.#rules(entry.record.ruleGroupId).set(entry.record.id, entry.record);
        break;
      default:
        entry satisfies never;
    }
  }

  #newTree(loadBalancer: RecordOf['loadBalancer']): LoadBalancerTree {
    return this.#own({
      loadBalancer,
      listeners: new Map(),
      services: new Map(),
      groups: new Map(),
      ruleGroups: new Map(),
    });
  }

  /** The tree of a load balancer, which may be changed. */
  #tree(id: string): Writable<LoadBalancerTree> {
    const tree = this.loadBalancers.get(id);
    if (tree === undefined) throw new Error(`no load balancer ${id}`);
    if (this.#owned.has(tree)) return tree as Writable<LoadBalancerTree>;
    const copy = this.#own({ ...tree });
    this.loadBalancers.set(id, copy);
    return copy as Writable<LoadBalancerTree>;
  }

  #map<K extends 'listeners' | 'services' | 'groups' | 'ruleGroups'>(
    tree: Writable<LoadBalancerTree>,
    part: K,
  ): Writable<LoadBalancerTree>[K] {
    if (!this.#owned.has(tree[part])) tree[part] = this.#own(new Map(tree[part] as Map<string, never>)) as never;
    return tree[part];
  }

  /** The targets of a group, which may be changed. */
  #targets(groupId: string): Map<string, RecordOf['target']> {
    const tree = treeWith(this.loadBalancers, 'groups', groupId);
    if (tree === null) throw new Error(`no target group ${groupId}`);
    const { group, targets } = tree.groups.get(groupId)!;
    if (this.#owned.has(targets)) return targets as Map<string, RecordOf['target']>;
    const copy: GroupTree = { group, targets: this.#own(new Map(targets)) };
    this.#map(this.#tree(tree.loadBalancer.id), 'groups').set(groupId, copy);
    return copy.targets as Map<string, RecordOf['target']>;
  }

  /** Objects that belong to no load balancer, in a map that may be changed. There can be thousands of certificates. */
  #global<K extends Global>(part: K): Writable<Pick<State, Global>>[K] {
    if (!this.#owned.has(this[part])) this[part] = this.#own(new Map(this[part] as Map<string, never>)) as never;
    return this[part] as never;
  }

  /** The rules of a group, which may be changed. */
  #rules(groupId: string): Map<string, RecordOf['rule']> {
    const tree = treeWith(this.loadBalancers, 'ruleGroups', groupId);
    if (tree === null) throw new Error(`no rule group ${groupId}`);
    const { group, rules } = tree.ruleGroups.get(groupId)!;
    if (this.#owned.has(rules)) return rules as Map<string, RecordOf['rule']>;
    const copy: RuleGroupTree = { group, rules: this.#own(new Map(rules)) };
    this.#map(this.#tree(tree.loadBalancer.id), 'ruleGroups').set(groupId, copy);
    return copy.rules as Map<string, RecordOf['rule']>;
  }

  #own<T extends object>(value: T): T {
    this.#owned.add(value);
    return value;
  }

  #note(kind: ResourceKind, id: string, before: AnyRecord | null, after: AnyRecord | null): void {
    const earlier = this.#changes.get(id);
    const first = earlier === undefined ? before : earlier.before;
    if (first === null && after === null) this.#changes.delete(id);
    else this.#changes.set(id, { kind, id, before: first, after });
  }
}
