import { DEFAULT_QUOTAS, QUOTA, type QuotaName, TENANT_QUOTA_NAMES } from '../limits.ts';
import { Input, Nullable, Output, Ref, Words } from '../schema.ts';
import { type Static, Type } from '../type.ts';
import { Generation, OperationId } from './attributes.ts';
import { quotaChanges } from './tenant.ts';

/** What a quota is counted within. */
export const QUOTA_PARENTS = [
  'tenant',
  'loadBalancer',
  'targetGroup',
  'ruleGroup',
  'user',
  'region',
  'installation',
] as const;
export type QuotaParent = (typeof QUOTA_PARENTS)[number];

/** Of each quota, what it is counted within. */
export const QUOTA_PARENT: Readonly<Record<QuotaName, QuotaParent>> = {
  loadBalancers: 'tenant',
  listenersPerLoadBalancer: 'loadBalancer',
  backendServicesPerLoadBalancer: 'loadBalancer',
  targetGroupsPerLoadBalancer: 'loadBalancer',
  targetsPerTargetGroup: 'targetGroup',
  ruleGroupsPerLoadBalancer: 'loadBalancer',
  rulesPerRuleGroup: 'ruleGroup',
  elasticIps: 'tenant',
  certificates: 'tenant',
  authorities: 'tenant',
  securityPolicies: 'tenant',
  securityGroups: 'tenant',
  vpcs: 'tenant',
  subnets: 'tenant',
  nodes: 'installation',
  tenants: 'installation',
  users: 'tenant',
  tokensPerUser: 'user',
  accessKeysPerUser: 'user',
  webhooks: 'tenant',
  accessPolicies: 'tenant',
  blockListEntries: 'tenant',
  loadBalancerDeletions: 'region',
};

export const Quota = Output(
  'Quota',
  {
    name: Words(Object.keys(DEFAULT_QUOTAS) as QuotaName[], 'Name of the quota.'),
    limit: Type.Integer({ description: 'How many there may be.' }),
    installationLimit: Type.Integer({ description: 'The same for tenants that have none of their own.' }),
    used: Type.Integer({ description: 'How many there are: in the tenant, or in the one parent that has most.' }),
    per: Words(QUOTA_PARENTS, 'What it is counted within.'),
    parentId: Nullable(Type.String({ description: 'The parent that `used` is of; null: it is of no single one.' })),
  },
  'How many of a kind there may be, and are.',
);
export type Quota = Static<typeof Quota>;

export const QuotaList = Output('QuotaList', { items: Type.Array(Ref(Quota)) });

export const QuotasWritten = Output('QuotasWritten', {
  items: Type.Array(Ref(Quota)),
  generation: Generation,
  operationId: OperationId,
});

export const QuotasPatch = Input('QuotasPatch', {
  quotas: quotaChanges(
    Nullable(Type.Integer({ ...QUOTA })),
    'What is to change; null: as in the installation. Others stay as they are, and so does what there is already.',
  ),
});
export type QuotasPatch = Static<typeof QuotasPatch>;

export const QuotaNameFilter = Type.Optional(
  Type.Unsafe<QuotaName>(Words([...TENANT_QUOTA_NAMES, 'nodes', 'tenants'], 'Only the quota with this name.')),
);
