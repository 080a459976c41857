import { DEFAULT_TENANT } from '@evenkeel/model/access.ts';
import type { ResourceRef } from '@evenkeel/model/resources/operation.ts';
import type { QuotasPatch } from '@evenkeel/model/resources/quota.ts';
import type { TenantCreate, TenantPatch } from '@evenkeel/model/resources/tenant.ts';
import { ProblemError } from '../problem.ts';
import { checkName, checkQuota, checkUnused, notFound, refTo } from '../resources/rules.ts';
import type { Draft } from '../state/draft.ts';
import type { TenantRecord } from '../state/records.ts';
import { loadBalancersOf } from '../state/state.ts';
import type { Identity } from './identity.ts';

/** The tenants that a role reaches. */
export function tenantsFor({ reach, tenantId }: Identity, tenants: ReadonlyMap<string, TenantRecord>): TenantRecord[] {
  return reach === 'all' ? [...tenants.values()] : [tenants.get(tenantId)!];
}

export function getTenant(draft: Draft, id: string): TenantRecord {
  return draft.tenants.get(id) ?? notFound('tenant', id);
}

export function createTenant(draft: Draft, input: TenantCreate): TenantRecord {
  checkQuota(draft, 'tenants', draft.tenants.size + 1);
  checkName(draft.tenants.values(), input.name, '');
  return draft.create('tenant', {
    id: draft.newId('tenant'),
    name: input.name,
    description: input.description ?? '',
    tags: input.tags ?? {},
    quotas: input.quotas ?? {},
  });
}

export function updateTenant(draft: Draft, tenant: TenantRecord, patch: TenantPatch): TenantRecord {
  if (patch.name !== undefined) checkName(draft.tenants.values(), patch.name, '', tenant.id);
  return draft.update('tenant', tenant, patch);
}

/** Changes some quotas of the tenant whose draft it is; null takes one back to that of the installation. */
export function updateQuotas(draft: Draft, changes: QuotasPatch['quotas']): TenantRecord {
  const tenant = getTenant(draft, draft.tenantId);
  const quotas = Object.entries({ ...tenant.quotas, ...changes }).filter(([, value]) => value !== null);
  return draft.update('tenant', tenant, { quotas: Object.fromEntries(quotas) });
}

/** Its users and tokens go with it; the draft must be its own. */
export function deleteTenant(draft: Draft, tenant: TenantRecord): void {
  if (tenant.id === DEFAULT_TENANT.id) {
    throw new ProblemError('built-in', 'the tenant that an installation begins with cannot be deleted');
  }
  if (draft.tenantId !== tenant.id) throw new Error(`a draft of ${draft.tenantId} cannot delete ${tenant.id}`);
  checkUnused(`tenant ${tenant.name}`, contentsOf(draft));
  for (const token of [...draft.tokens.values()]) draft.remove('token', token);
  for (const key of [...draft.accessKeys.values()]) draft.remove('accessKey', key);
  for (const user of [...draft.users.values()]) draft.remove('user', user);
  for (const webhook of [...draft.webhooks.values()]) draft.remove('webhook', webhook);
  for (const policy of [...draft.accessPolicies.values()]) draft.remove('accessPolicy', policy);
  draft.remove('tenant', tenant);
}

function contentsOf(draft: Draft): ResourceRef[] {
  return [
    ...Array.from(loadBalancersOf(draft), (record) => refTo('loadBalancer', record)),
    ...Array.from(draft.elasticIps.values(), (record) => refTo('elasticIp', record)),
    ...Array.from(draft.certificates.values(), (record) => refTo('certificate', record)),
    ...Array.from(draft.authorities.values(), (record) => refTo('authority', record)),
    ...Array.from(draft.securityPolicies.values(), (record) => refTo('securityPolicy', record)),
    ...Array.from(draft.securityGroups.values(), (record) => refTo('securityGroup', record)),
    ...Array.from(draft.vpcs.values(), (record) => refTo('vpc', record)),
    ...Array.from(draft.subnets.values(), (record) => refTo('subnet', record)),
  ];
}
