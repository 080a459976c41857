import type { ResourceKind } from '@evenkeel/model/resources/operation.ts';
import type { State } from './state.ts';

/** Maps that are copied when they are first changed. */
export const GLOBAL = {
  certificate: 'certificates',
  authority: 'authorities',
  securityPolicy: 'securityPolicies',
  securityGroup: 'securityGroups',
  vpc: 'vpcs',
  subnet: 'subnets',
  specification: 'specifications',
  tenant: 'tenants',
  accessPolicy: 'accessPolicies',
  user: 'users',
  token: 'tokens',
  accessKey: 'accessKeys',
  webhook: 'webhooks',
  region: 'regions',
  zone: 'zones',
  node: 'duties',
} as const satisfies Partial<Record<ResourceKind, keyof State>>;
