import { QuotaList, QuotaNameFilter, QuotasPatch, QuotasWritten } from '../resources/quota.ts';
import { Ref } from '../schema.ts';
import { Type } from '../type.ts';
import type { Route } from './route.ts';

const tags = ['access'] as const;
const path = '/v1/quotas';

export const quotaRoutes = {
  listQuotas: {
    method: 'GET',
    path,
    summary: 'List the quotas of the tenant, and how much of each is used',
    description: 'Those of the installation (`nodes`, `tenants`) are for those whose role reaches all tenants.',
    tags,
    query: Type.Object(
      {
        name: QuotaNameFilter,
        parentId: Type.Optional(
          Type.String({
            maxLength: 64,
            description: 'Only what is counted within this load balancer, target group, rule group, user or region.',
          }),
        ),
      },
      { additionalProperties: false },
    ),
    status: 200,
    response: Ref(QuotaList),
  },
  updateQuotas: {
    method: 'PATCH',
    path,
    summary: 'Change quotas of the tenant',
    tags,
    body: Ref(QuotasPatch),
    status: 200,
    response: Ref(QuotasWritten),
    role: 'admin',
    reach: 'all',
  },
} as const satisfies Record<string, Route>;
