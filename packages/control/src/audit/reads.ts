import { setImmediate } from 'node:timers/promises';
import type { QueryOf, ResponseOf } from '@evenkeel/model/contract/types.ts';
import { forbid } from '../access/authorization.ts';
import type { Caller } from '../access/identity.ts';
import type { Call } from '../api/call.ts';
import { encode, pageOf } from '../api/paging.ts';
import type { Store } from '../store/store.ts';
import { showAuditRow } from './entry.ts';
import { type AuditPage, auditPage } from './queries.ts';

/** Entries that an export reads in one go. */
const EXPORTED = 500;

export interface AuditSources {
  readonly store: Store;
}

/** One page of the audit log. */
export async function listAudit(
  { store }: AuditSources,
  { query, caller }: Call<'listAudit'>,
): Promise<ResponseOf<'listAudit'>> {
  const { limit, after } = pageOf(query);
  const { limit: _, cursor: __, allTenants: ___, ...filters } = query;
  const tenantId = tenantOf(caller, query);
  const { rows, next } = await store.read((db) => auditPage(db, { tenantId, filters, order: 'desc', after, limit }));
  return { items: rows.map(showAuditRow), nextCursor: next === null ? null : encode(next) };
}

/** The whole log as lines of JSON: a page is in memory at a time, and read when the one before it was taken. */
export function exportAudit(sources: AuditSources, call: Call<'exportAudit'>): AsyncGenerator<string> {
  const { after = null, allTenants: _, ...filters } = call.query;
  return lines(sources, call, { tenantId: tenantOf(call.caller, call.query), filters, after });
}

async function* lines(
  { store }: AuditSources,
  { stillMay, signal }: Call<'exportAudit'>,
  { after: start, ...wanted }: Pick<AuditPage, 'tenantId' | 'filters' | 'after'>,
): AsyncGenerator<string> {
  let after = start;
  while (!signal.aborted && stillMay()) {
    const page: AuditPage = { ...wanted, order: 'asc', after, limit: EXPORTED };
    const { rows, next } = await store.read((db) => auditPage(db, page));
    if (rows.length > 0) yield rows.map((row) => `${JSON.stringify(showAuditRow(row))}\n`).join('');
    if (next === null) return;
    after = next;
    // A database in this process answers in the same turn of the loop; others have theirs between pages.
    await setImmediate();
  }
}

/** The tenant whose entries are asked for; null: those of all. */
function tenantOf(caller: Caller, { allTenants }: NonNullable<QueryOf<'exportAudit'>>): string | null {
  if (allTenants !== true) return caller.actingIn;
  return caller.reach === 'all' ? null : forbid(`the audit log of all tenants takes a role that reaches them`);
}
