import { Id } from '../identifiers.ts';
import { QUOTA, TENANT_QUOTA_NAMES, type TenantQuotaName } from '../limits.ts';
import { Input, Output, optional, Patch } from '../schema.ts';
import { type Static, type TObject, type TOptional, type TSchema, Type } from '../type.ts';
import { Description, Name, resource, Tags, Written } from './attributes.ts';

const Quotas = Type.Object(
  Object.fromEntries(
    TENANT_QUOTA_NAMES.map((name): [string, TSchema] => [name, Type.Optional(Type.Integer({ ...QUOTA }))]),
  ),
  {
    additionalProperties: false,
    default: {},
    description:
      'Quotas that differ from those of the installation. A change replaces all of them; what there is already stays.',
  },
) as TObject as unknown as TObject<Record<TenantQuotaName, TOptional<ReturnType<typeof Type.Integer>>>>;

const settings = { description: Description, tags: Tags, quotas: Quotas };

const properties = resource(Id('tenant', 'Identifier of the tenant.'), settings);

export const Tenant = Output(
  'Tenant',
  properties,
  'A team or project with load balancers and users of its own, of which no other tenant sees anything.',
);
export type Tenant = Static<typeof Tenant>;

export const TenantWritten = Written('TenantWritten', properties);

export const TenantCreate = Input('TenantCreate', { name: Name, ...optional(settings) });
export type TenantCreate = Static<typeof TenantCreate>;

export const TenantPatch = Patch('TenantPatch', { name: Name, ...settings });
export type TenantPatch = Static<typeof TenantPatch>;
