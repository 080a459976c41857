import type { CertificateLink } from '@evenkeel/model/resources/certificate.ts';
import type { ResourceKind } from '@evenkeel/model/resources/operation.ts';
import { DEFAULT_SUBNET } from '@evenkeel/model/resources/subnet.ts';
import { builtInSpecification } from '@evenkeel/model/specifications.ts';
import type { Kysely } from 'kysely';
import { fromText, PLACED_EVERYWHERE, type Placement } from '../placement/placement.ts';
import { certificatesOf } from '../resources/usage.ts';
import type { Vault } from '../secrets/vault.ts';
import type { CertificateRecord, ElasticIpRecord, RecordOf, TicketKeys } from '../state/records.ts';
import type { GroupTree, LoadBalancerTree, RuleGroupTree, State } from '../state/state.ts';
import { fromRow, MAPPINGS, type Row, TICKET_KEYS } from './rows.ts';
import type { Database } from './schema.ts';

/** Rows that are read at a time. */
const ROWS = 1_000;

type Maps = {
  -readonly [K in 'listeners' | 'services' | 'groups' | 'ruleGroups']: Map<
    string,
    LoadBalancerTree[K] extends ReadonlyMap<string, infer V> ? V : never
  >;
};

/**
 * Reads the whole state. Throws when a row is not readable, or refers to what is not there; a StartError when the key
 * of its secrets is lost.
 */
export async function loadState(db: Kysely<Database>, vault: Vault): Promise<State> {
  const read = async <K extends ResourceKind>(kind: K): Promise<RecordOf[K][]> => {
    const records: RecordOf[K][] = [];
    // Some rows after the others: what they are read from is a multiple of what becomes of them. By pages, as cursors
    // cost more than the rows.
    for (let last = ''; ; last = records.at(-1)!.id) {
      const page = await db
        .selectFrom(MAPPINGS[kind].table)
        .selectAll()
        .where('id', '>', last)
        .orderBy('id')
        .limit(ROWS)
        .execute();
      for (const row of page) records.push(fromRow(kind, row as Row, vault));
      if (page.length < ROWS) return records;
    }
  };
  const header = await readHeader(db, vault);

  const trees = new Map<string, LoadBalancerTree & Maps>();
  for (const loadBalancer of await read('loadBalancer')) {
    const parts = { listeners: new Map(), services: new Map(), groups: new Map(), ruleGroups: new Map() };
    trees.set(loadBalancer.id, { loadBalancer, ...parts });
  }
  const groups = new Map<string, GroupTree & { targets: Map<string, RecordOf['target']> }>();
  for (const group of await read('targetGroup')) {
    const entry = { group, targets: new Map() };
    groups.set(group.id, entry);
    existing(trees, group.loadBalancerId, group.id).groups.set(group.id, entry);
  }
  for (const target of await read('target')) {
    existing(groups, target.targetGroupId, target.id).targets.set(target.id, target);
  }
  for (const service of await read('backendService')) {
    const tree = existing(trees, service.loadBalancerId, service.id);
    if (service.targetGroupId !== null) existing(tree.groups, service.targetGroupId, service.id);
    tree.services.set(service.id, service);
  }
  const ruleGroups = new Map<string, RuleGroupTree & { rules: Map<string, RecordOf['rule']> }>();
  for (const group of await read('ruleGroup')) {
    const entry = { group, rules: new Map() };
    ruleGroups.set(group.id, entry);
    existing(trees, group.loadBalancerId, group.id).ruleGroups.set(group.id, entry);
  }
  for (const rule of await read('rule')) {
    const { group, rules } = existing(ruleGroups, rule.ruleGroupId, rule.id);
    const { services } = existing(trees, group.loadBalancerId, group.id);
    for (const { backendServiceId } of rule.forward ?? []) existing(services, backendServiceId, rule.id);
    if (rule.mirror !== null) existing(services, rule.mirror.backendServiceId, rule.id);
    rules.set(rule.id, rule);
  }
  for (const listener of await read('listener')) {
    const tree = existing(trees, listener.loadBalancerId, listener.id);
    if (listener.backendServiceId !== null) existing(tree.services, listener.backendServiceId, listener.id);
    if (listener.ruleGroupId !== null) existing(tree.ruleGroups, listener.ruleGroupId, listener.id);
    tree.listeners.set(listener.id, listener);
  }

  const associated = new Map<string, string>();
  for (const { loadBalancer } of trees.values()) {
    if (loadBalancer.elasticIpId !== null) associated.set(loadBalancer.elasticIpId, loadBalancer.id);
  }
  const elasticIps = new Map<string, ElasticIpRecord>();
  for (const record of await read('elasticIp')) {
    elasticIps.set(record.id, { ...record, loadBalancerId: associated.get(record.id) ?? null });
  }
  for (const [id, user] of associated) existing(elasticIps, id, user);

  const certificates = byId(withSharedLinks(await read('certificate')));
  const authorities = byId(await read('authority'));
  const securityPolicies = byId(await read('securityPolicy'));
  const securityGroups = byId(await read('securityGroup'));
  for (const { loadBalancer } of trees.values()) {
    for (const id of loadBalancer.securityGroupIds) existing(securityGroups, id, loadBalancer.id);
  }
  for (const { listeners, services } of trees.values()) {
    for (const listener of listeners.values()) {
      for (const id of certificatesOf(listener)) existing(certificates, id, listener.id);
    }
    for (const { id, tls } of services.values())
      if (tls.authorityId !== null) existing(authorities, tls.authorityId, id);
  }

  const specifications = byId(await read('specification'));
  const vpcs = byId(await read('vpc'));
  const subnets = byId(await read('subnet'));
  for (const { id, vpcId } of subnets.values()) existing(vpcs, vpcId, id);
  for (const { loadBalancer } of trees.values()) {
    const { id, subnetId, specification } = loadBalancer;
    if (subnetId !== DEFAULT_SUBNET.id) existing(subnets, subnetId, id);
    if (builtInSpecification(specification) === null) existing(specifications, specification, id);
  }

  const regions = byId(await read('region'));
  const zones = byId(await read('zone'));
  const duties = byId(await read('node'));
  const tenants = byId(await read('tenant'));
  const accessPolicies = byId(await read('accessPolicy'));
  const users = byId(await read('user'));
  const tokens = byId(await read('token'));
  const accessKeys = byId(await read('accessKey'));
  const webhooks = byId(await read('webhook'));
  for (const { id, userId } of [...tokens.values(), ...accessKeys.values()]) existing(users, userId, id);
  for (const { id, accessPolicyIds } of users.values()) {
    for (const policyId of accessPolicyIds) existing(accessPolicies, policyId, id);
  }

  return {
    ...header,
    loadBalancers: trees,
    elasticIps,
    certificates,
    authorities,
    securityPolicies,
    securityGroups,
    vpcs,
    subnets,
    specifications,
    tenants,
    accessPolicies,
    users,
    tokens,
    accessKeys,
    webhooks,
    regions,
    zones,
    duties,
  };
}

/** What there is one of. */
export async function readHeader(
  db: Kysely<Database>,
  vault: Vault,
): Promise<Pick<State, 'generation' | 'ticketKeys' | 'lastAddresses' | 'placement'>> {
  const pools = await db.selectFrom('address_pool').selectAll().execute();
  return {
    generation: await readGeneration(db),
    ticketKeys: await readTicketKeys(db, vault),
    placement: await readPlacement(db),
    lastAddresses: new Map(pools.map(({ name, last }) => [name, last])),
  };
}

export async function readGeneration(db: Kysely<Database>): Promise<number> {
  return (await db.selectFrom('state').select('generation').executeTakeFirst())?.generation ?? 0;
}

async function readPlacement(db: Kysely<Database>): Promise<Placement> {
  const row = await db.selectFrom('placement').select('document').executeTakeFirst();
  return row === undefined ? PLACED_EVERYWHERE : fromText(row.document);
}

async function readTicketKeys(db: Kysely<Database>, vault: Vault): Promise<TicketKeys | null> {
  const row = await db.selectFrom('ticket_keys').selectAll().executeTakeFirst();
  if (row === undefined) return null;
  const sealed = JSON.parse(row.keys) as string[];
  return { keys: sealed.map((text) => vault.open(TICKET_KEYS, text)), rotatedAt: row.rotated_at };
}

/** Certificates of one issuer are shown with the same links, of which one is enough. */
function withSharedLinks(certificates: readonly CertificateRecord[]): CertificateRecord[] {
  const known = new Map<string, CertificateLink>();
  const shared = (link: CertificateLink): CertificateLink => {
    const first = known.get(link.fingerprint);
    if (first === undefined) known.set(link.fingerprint, link);
    return first ?? link;
  };
  return certificates.map(({ chain: [own, ...issuers], ...record }) => {
    return { ...record, chain: [own!, ...issuers.map(shared)] };
  });
}

function byId<T extends { readonly id: string }>(records: readonly T[]): Map<string, T> {
  return new Map(records.map((record) => [record.id, record]));
}

function existing<T>(map: ReadonlyMap<string, T>, id: string, user: string): T {
  const value = map.get(id);
  if (value === undefined) throw new Error(`${user} refers to ${id}, which is not there`);
  return value;
}
