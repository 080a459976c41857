import { items } from '@evenkeel/client/items.ts';
import { PAGE } from '@evenkeel/model/limits.ts';
import type { Tenant, TenantCreate, TenantPatch } from '@evenkeel/model/resources/tenant.ts';
import { type QuotaChanges, tenantFields } from '../commands/access-fields.ts';
import type { Call } from '../commands/call.ts';
import { bodyOf } from '../commands/fields.ts';
import { nameField } from '../commands/resource-fields.ts';
import { details } from '../output/details.ts';
import type { Column } from '../output/table.ts';
import { tenants } from './kinds.ts';
import { resolve } from './reference.ts';
import { removeAll } from './remove.ts';
import { printList, printOne, withSession } from './session.ts';
import { patchOf, precondition } from './write.ts';

const COLUMNS: readonly Column<Tenant>[] = [
  { head: 'NAME', of: ({ name }) => name },
  { head: 'ID', of: ({ id }) => id },
  { head: 'QUOTAS', of: ({ quotas }) => textOf(quotas) },
  { head: 'DESCRIPTION', of: ({ description }) => description },
];

export function list(call: Call) {
  return withSession(call, async (session) => {
    const all = await Array.fromAsync(items(session.client.listTenants, { query: { limit: PAGE.maximum } }));
    printList(session, all, COLUMNS, ({ id }) => id);
  });
}

export function show(call: Call) {
  return withSession(call, async (session) => {
    const tenant = await resolve(session, tenants, call.args[0] as string);
    printOne(session, tenant, () => details(tenant, session.paint));
  });
}

export function create(call: Call) {
  return withSession(call, async (session) => {
    const { quota } = call.options;
    const body = {
      name: call.args[0],
      ...bodyOf(tenantFields, call.options),
      ...(quota && { quotas: changed({}, quota as QuotaChanges) }),
    } as TenantCreate;
    const made = await session.client.createTenant({ body });
    printOne(session, made, () => `Tenant ${made.name} (${made.id}) created.\n`);
  });
}

export function update(call: Call) {
  return withSession(call, async (session) => {
    const { quota } = call.options;
    const tenant = await resolve(session, tenants, call.args[0] as string);
    const extra = quota ? { quotas: changed(tenant.quotas, quota as QuotaChanges) } : {};
    const body = patchOf<TenantPatch>([nameField, ...tenantFields], call.options, extra as TenantPatch);
    const params = { tenantId: tenant.id };
    const made = await session.client.updateTenant({ params, body, ...precondition(call.options) });
    printOne(session, made, () => `Tenant ${made.name} changed.\n`);
  });
}

export function remove(call: Call) {
  return withSession(call, (session) =>
    removeAll(session, call, {
      noun: 'tenant',
      find: (text) => resolve(session, tenants, text),
      describe: async ({ name, id }) => `${name} (${id}), with its users`,
      remove: ({ id }) => session.client.deleteTenant({ params: { tenantId: id }, ...precondition(call.options) }),
    }),
  );
}

function changed(before: Tenant['quotas'], changes: QuotaChanges): Record<string, number> {
  const all = Object.entries({ ...before, ...changes });
  return Object.fromEntries(all.filter((pair): pair is [string, number] => pair[1] !== null));
}

function textOf(quotas: Tenant['quotas']): string | null {
  const pairs = Object.entries(quotas).map(([name, value]) => `${name}=${value}`);
  return pairs.length === 0 ? null : pairs.join(', ');
}
