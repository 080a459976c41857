import { accessKeyRoutes } from './access-keys.ts';
import { accessPolicyRoutes } from './access-policies.ts';
import { auditRoutes } from './audit.ts';
import { authorityRoutes } from './authorities.ts';
import { backendServiceRoutes } from './backend-services.ts';
import { backupRoutes } from './backups.ts';
import { blockListRoutes } from './block-list.ts';
import { certificateRoutes } from './certificates.ts';
import { changeSetRoutes } from './change-sets.ts';
import { configurationRoutes } from './configuration.ts';
import { controlPlaneRoutes } from './control-planes.ts';
import { denyListRoutes } from './deny-list.ts';
import { diagnosisRoutes } from './diagnosis.ts';
import { elasticIpRoutes } from './elastic-ips.ts';
import { eventRoutes } from './events.ts';
import { identityRoutes } from './identity.ts';
import { joinTokenRoutes } from './join-tokens.ts';
import { listenerRoutes } from './listeners.ts';
import { loadBalancerRoutes } from './load-balancers.ts';
import { nodeRoutes } from './nodes.ts';
import { operationRoutes } from './operations.ts';
import { placementRoutes } from './placement.ts';
import { quotaRoutes } from './quotas.ts';
import { revisionRoutes } from './revisions.ts';
import { ruleGroupRoutes } from './rule-groups.ts';
import { ruleRoutes } from './rules.ts';
import { securityGroupRoutes } from './security-groups.ts';
import { securityPolicyRoutes } from './security-policies.ts';
import { sessionRoutes } from './sessions.ts';
import { specificationRoutes } from './specifications.ts';
import { subnetRoutes } from './subnets.ts';
import { targetGroupRoutes } from './target-groups.ts';
import { targetRoutes } from './targets.ts';
import { tenantRoutes } from './tenants.ts';
import { tokenRoutes } from './tokens.ts';
import { userRoutes } from './users.ts';
import { vpcRoutes } from './vpcs.ts';
import { webhookRoutes } from './webhooks.ts';
import { zoneRoutes } from './zones.ts';

/** The REST API, by operationId. */
export const contract = {
  ...loadBalancerRoutes,
  ...listenerRoutes,
  ...backendServiceRoutes,
  ...targetGroupRoutes,
  ...targetRoutes,
  ...ruleGroupRoutes,
  ...ruleRoutes,
  ...elasticIpRoutes,
  ...vpcRoutes,
  ...subnetRoutes,
  ...specificationRoutes,
  ...certificateRoutes,
  ...authorityRoutes,
  ...securityPolicyRoutes,
  ...securityGroupRoutes,
  ...blockListRoutes,
  ...denyListRoutes,
  ...configurationRoutes,
  ...operationRoutes,
  ...nodeRoutes,
  ...placementRoutes,
  ...zoneRoutes,
  ...joinTokenRoutes,
  ...controlPlaneRoutes,
  ...diagnosisRoutes,
  ...changeSetRoutes,
  ...revisionRoutes,
  ...backupRoutes,
  ...identityRoutes,
  ...tenantRoutes,
  ...quotaRoutes,
  ...userRoutes,
  ...tokenRoutes,
  ...accessKeyRoutes,
  ...accessPolicyRoutes,
  ...sessionRoutes,
  ...auditRoutes,
  ...eventRoutes,
  ...webhookRoutes,
};
export type Contract = typeof contract;
export type OperationName = keyof Contract;

/** Names the tenant, by name or identifier, that a request is about; without it, that of the user. */
export const TENANT_HEADER = 'Evenkeel-Tenant';
/** Headers of every answer to a write. */
export const GENERATION_HEADER = 'Evenkeel-Generation';
export const OPERATION_HEADER = 'Evenkeel-Operation';
/** On an answer that repeats the one to an earlier request with the same `Idempotency-Key`. */
export const REPLAYED_HEADER = 'Idempotency-Replayed';

/** The entity tag of a resource as `ETag` and `If-Match` carry it (RFC 9110 §8.8.3). */
export function etagOf(resource: { readonly generation: number }): string {
  return `"${resource.generation}"`;
}
