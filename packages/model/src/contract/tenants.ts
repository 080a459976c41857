import { Id } from '../identifiers.ts';
import { Deleted } from '../resources/operation.ts';
import { Tenant, TenantCreate, TenantPatch, TenantWritten } from '../resources/tenant.ts';
import { Ref } from '../schema.ts';
import { Type } from '../type.ts';
import { ListQuery, NameFilter, Page, type Route } from './route.ts';

const tags = ['access'] as const;
const params = Type.Object({ tenantId: Id('tenant', 'Identifier of the tenant.') });
const path = '/v1/tenants/{tenantId}';

export const tenantRoutes = {
  listTenants: {
    method: 'GET',
    path: '/v1/tenants',
    summary: 'List the tenants that your role reaches',
    tags,
    query: ListQuery({ name: NameFilter }),
    status: 200,
    response: Page(Tenant),
  },
  createTenant: {
    method: 'POST',
    path: '/v1/tenants',
    summary: 'Create a tenant',
    tags,
    body: Ref(TenantCreate),
    status: 201,
    response: Ref(TenantWritten),
    idempotent: true,
    role: 'admin',
    reach: 'all',
  },
  getTenant: {
    method: 'GET',
    path,
    summary: 'Show a tenant',
    tags,
    params,
    status: 200,
    response: Ref(Tenant),
  },
  updateTenant: {
    method: 'PATCH',
    path,
    summary: 'Change a tenant',
    tags,
    params,
    body: Ref(TenantPatch),
    status: 200,
    response: Ref(TenantWritten),
    ifMatch: true,
    role: 'admin',
    reach: 'all',
  },
  deleteTenant: {
    method: 'DELETE',
    path,
    summary: 'Delete a tenant',
    description:
      'Its users and their tokens go with it. Refused while it has load balancers, elastic IPs, certificates, ' +
      'authorities or security policies.',
    tags,
    params,
    status: 200,
    response: Ref(Deleted),
    ifMatch: true,
    role: 'admin',
    reach: 'all',
  },
} as const satisfies Record<string, Route>;
