import type { ResourceKind } from '@evenkeel/model/resources/operation.ts';
import { type KeptJwt, takeSecrets } from '../routing/jwt-secrets.ts';
import { Secret } from '../secrets/secret.ts';
import type { Vault } from '../secrets/vault.ts';
import type { RecordOf } from '../state/records.ts';

/** Where a kind of resource is stored: which of its fields are columns. The others are in the column `settings`. */
interface Mapping {
  readonly table:
    | 'load_balancer'
    | 'listener'
    | 'backend_service'
    | 'target_group'
    | 'target'
    | 'rule_group'
    | 'rule'
    | 'elastic_ip'
    | 'certificate'
    | 'authority'
    | 'security_policy'
    | 'security_group'
    | 'vpc'
    | 'subnet'
    | 'specification'
    | 'tenant'
    | 'user_account'
    | 'access_token'
    | 'access_policy'
    | 'access_key'
    | 'webhook'
    | 'region'
    | 'zone'
    | 'node_duty';
  readonly columns: Readonly<Record<string, string>>;
  /** Fields that are not stored, because another row tells them. */
  readonly derived: readonly string[];
  /** Fields with columns that hold secrets. */
  readonly secrets?: readonly string[];
}

const COMMON = { id: 'id', name: 'name', generation: 'generation', createdAt: 'created_at', updatedAt: 'updated_at' };
const OWNED = { ...COMMON, tenantId: 'tenant_id' };

/** In the order in which objects refer to each other: each kind after those that it names. */
export const MAPPINGS: Readonly<Record<ResourceKind, Mapping>> = {
  tenant: { table: 'tenant', columns: COMMON, derived: [] },
  region: { table: 'region', columns: COMMON, derived: [] },
  zone: { table: 'zone', columns: COMMON, derived: [] },
  node: { table: 'node_duty', columns: COMMON, derived: [] },
  accessPolicy: { table: 'access_policy', columns: OWNED, derived: [] },
  user: {
    table: 'user_account',
    columns: { ...OWNED, password: 'password', passwordChangedAt: 'password_changed_at' },
    derived: [],
    secrets: ['password'],
  },
  token: { table: 'access_token', columns: { ...OWNED, userId: 'user_id', hash: 'hash' }, derived: [] },
  accessKey: {
    table: 'access_key',
    columns: { ...OWNED, userId: 'user_id', secret: 'secret' },
    derived: [],
    secrets: ['secret'],
  },
  webhook: { table: 'webhook', columns: { ...OWNED, secret: 'secret' }, derived: [], secrets: ['secret'] },
  elasticIp: { table: 'elastic_ip', columns: { ...OWNED, address: 'address' }, derived: ['loadBalancerId'] },
  certificate: {
    table: 'certificate',
    columns: { ...OWNED, privateKey: 'private_key' },
    derived: [],
    secrets: ['privateKey'],
  },
  authority: { table: 'authority', columns: OWNED, derived: [] },
  securityPolicy: { table: 'security_policy', columns: OWNED, derived: [] },
  securityGroup: { table: 'security_group', columns: OWNED, derived: [] },
  vpc: { table: 'vpc', columns: OWNED, derived: [] },
  subnet: { table: 'subnet', columns: { ...OWNED, vpcId: 'vpc_id' }, derived: [] },
  specification: { table: 'specification', columns: COMMON, derived: [] },
  loadBalancer: {
    table: 'load_balancer',
    columns: { ...OWNED, vip: 'vip', elasticIpId: 'elastic_ip_id' },
    derived: [],
  },
  targetGroup: { table: 'target_group', columns: { ...COMMON, loadBalancerId: 'load_balancer_id' }, derived: [] },
  target: {
    table: 'target',
    columns: { ...COMMON, targetGroupId: 'target_group_id', address: 'address', port: 'port' },
    derived: [],
  },
  backendService: {
    table: 'backend_service',
    columns: {
      ...COMMON,
      loadBalancerId: 'load_balancer_id',
      targetGroupId: 'target_group_id',
      stickinessKeys: 'stickiness_keys',
    },
    derived: [],
    secrets: ['stickinessKeys'],
  },
  ruleGroup: { table: 'rule_group', columns: { ...COMMON, loadBalancerId: 'load_balancer_id' }, derived: [] },
  rule: {
    table: 'rule',
    columns: { ...COMMON, ruleGroupId: 'rule_group_id', jwtSecrets: 'jwt_secrets' },
    derived: [],
    secrets: ['jwtSecrets'],
  },
  listener: {
    table: 'listener',
    columns: {
      ...COMMON,
      loadBalancerId: 'load_balancer_id',
      port: 'port',
      backendServiceId: 'backend_service_id',
      ruleGroupId: 'rule_group_id',
    },
    derived: [],
  },
};

/** What ticket keys are sealed under. */
export const TICKET_KEYS = 'ticket-keys';

export type Row = Record<string, string | number | null>;

/**
 * Secrets are sealed under the identifier of the object and the name of the field. All rows of a kind have the same
 * columns in the same order.
 */
export function toRow<K extends ResourceKind>(kind: K, record: RecordOf[K], vault: Vault): Row {
  const { columns, derived } = MAPPINGS[kind];
  const fields = record as unknown as Readonly<Record<string, unknown>>;
  const row: Row = {};
  for (const field of Object.keys(columns)) {
    const value = fields[field];
    row[columns[field]!] =
      value instanceof Secret ? vault.seal(`${record.id}/${field}`, value) : (value as Row[string]);
  }
  const settings: Record<string, unknown> = {};
  for (const field of Object.keys(fields)) {
    if (columns[field] === undefined && !derived.includes(field)) settings[field] = fields[field];
  }
  // Null differs from null in a unique constraint; 0 does not differ from 0.
  if (kind === 'target') row['port'] ??= 0;
  // A port of TCP may be one of UDP as well, and the numbers of a load balancer are unique.
  if (kind === 'listener' && settings['protocol'] === 'udp') row['port'] = -Number(row['port']);
  row['settings'] = JSON.stringify(settings);
  return row;
}

/** The record without its derived fields. Throws when the settings are not JSON, or a secret cannot be opened. */
export function fromRow<K extends ResourceKind>(kind: K, row: Row, vault: Vault): RecordOf[K] {
  const record: Record<string, unknown> = JSON.parse(String(row['settings']));
  const { columns, secrets = [] } = MAPPINGS[kind];
  for (const [field, column] of Object.entries(columns)) record[field] = row[column];
  for (const field of secrets) {
    const sealed = record[field];
    if (sealed !== null) record[field] = vault.open(`${row['id']}/${field}`, String(sealed));
  }
  if (kind === 'target') record['port'] ||= null;
  if (kind === 'listener') record['port'] = Math.abs(Number(record['port']));
  if (kind === 'rule') takeUnsealed(record as unknown as RecordOf['rule']);
  return record as unknown as RecordOf[K];
}

/** Rules that were written before secrets had a column have them among their settings. */
function takeUnsealed(record: { -readonly [K in keyof KeptJwt]: KeptJwt[K] }): void {
  const { jwt } = record;
  if (jwt?.keys.some(({ kty, k }) => kty === 'oct' && k !== undefined)) Object.assign(record, takeSecrets(jwt));
}
