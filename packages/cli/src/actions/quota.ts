import type { Quota, QuotasPatch } from '@evenkeel/model/resources/quota.ts';
import type { Call } from '../commands/call.ts';
import { type Column, table } from '../output/table.ts';
import { print, withSession } from './session.ts';

const COLUMNS: readonly Column<Quota>[] = [
  { head: 'NAME', of: ({ name }) => name },
  { head: 'USED', of: ({ used }) => String(used) },
  { head: 'LIMIT', of: ({ limit }) => String(limit) },
  { head: 'INSTALLATION', of: ({ installationLimit }) => String(installationLimit) },
  { head: 'MOST IN', of: ({ parentId }) => parentId },
];

export function list(call: Call) {
  return withSession(call, async (session) => {
    const { name, of: parentId } = call.options;
    const query = { ...(name && { name }), ...(parentId && { parentId }) };
    const { items } = await session.client.listQuotas({ query });
    const ids = items.map((quota) => quota.name);
    print(session, { json: items, ids, text: () => table(COLUMNS, items, session.paint) });
  });
}

export function set(call: Call) {
  return withSession(call, async (session) => {
    const quotas = call.args[0] as QuotasPatch['quotas'];
    const { items } = await session.client.updateQuotas({ body: { quotas } });
    const changed = items.filter(({ name }) => Object.hasOwn(quotas, name));
    const text = () =>
      changed.map(({ name, limit, used }) => `${name}: ${limit}, of which ${used} are used.\n`).join('');
    print(session, { json: items, ids: changed.map(({ name }) => name), text });
  });
}
