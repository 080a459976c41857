import type { Transaction } from 'kysely';
import type { Database } from '../store/schema.ts';
import { insertRows } from '../store/statements.ts';
import { type AuditEntry, toAuditRow } from './entry.ts';

/** Rows that are in memory at a time. */
const ROWS = 256;

/**
 * Writes the entries of a transaction, in the order of their identifiers. Each row knows how many of what was done
 * its tenant has had up to it, and how many characters they were, so that the bounds of retention.ts are kept without counting.
 */
export async function appendAudit(trx: Transaction<Database>, entries: readonly AuditEntry[]): Promise<void> {
  const counts = new Map<string, { place: number; total: number }>();
  for (let i = 0; i < entries.length; i += ROWS) {
    const rows = [];
    for (const entry of entries.slice(i, i + ROWS)) {
      let count = counts.get(entry.tenantId);
      if (count === undefined) {
        count = await lastOf(trx, entry.tenantId);
        counts.set(entry.tenantId, count);
      }
      const row = toAuditRow(entry);
      // A refusal drives nothing out that was done.
      if (row.outcome === 'done') {
        count.place++;
        count.total += row.details.length + (row.before?.length ?? 0) + (row.after?.length ?? 0);
      }
      rows.push({ ...row, ...count });
    }
    await insertRows(trx, 'audit_entry', rows);
  }
}

async function lastOf(trx: Transaction<Database>, tenantId: string): Promise<{ place: number; total: number }> {
  const last = await trx
    .selectFrom('audit_entry')
    .select(['place', 'total'])
    .where('tenant_id', '=', tenantId)
    .orderBy('id', 'desc')
    .limit(1)
    .executeTakeFirst();
  return { place: Number(last?.place ?? 0), total: Number(last?.total ?? 0) };
}
