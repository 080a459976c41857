import { Id } from '../identifiers.ts';
import { QUOTA, TENANT_QUOTA_NAMES, type TenantQuotaName } from '../limits.ts';
import { Input, Output, optional, Patch } from '../schema.ts';
import { type Static, type TObject, type TOptional, type TSchema, Type } from '../type.ts';
import { Description, Name, resource, Tags, Written } from './attributes.ts';

/** An object with what each quota of a tenant is to be, as far as it says. */
export function quotaChanges<T extends TSchema>(value: T, description: string, more: object = {}) {
  return Type.Object(
    Object.fromEntries(TENANT_QUOTA_NAMES.map((name): [string, TSchema] => [name, Type.Optional(value)])),
    { additionalProperties: false, ...more, description },
  ) as TObject as unknown as TObject<Record<TenantQuotaName, TOptional<T>>>;
}

const Quotas = quotaChanges(
  Type.Integer({ ...QUOTA }),
  'Quotas that differ from those of the installation. A change replaces all of them; what there is already stays.',
  { default: {} },
);

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
