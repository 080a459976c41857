import { idAt } from '@evenkeel/model/identifiers.ts';
import { AUDIT } from '@evenkeel/model/limits.ts';
import type { Transaction } from 'kysely';
import type { Database } from '../store/schema.ts';

/** What is kept of the audit log: for how long, and of each tenant how much. The oldest goes first. */
export interface AuditKept {
  readonly milliseconds: number;
  /** Of each tenant, of what was done. */
  readonly entries: number;
  readonly characters: number;
  /** Of each tenant, of what was refused. */
  readonly refusals: number;
}

export const AUDIT_KEPT: AuditKept = {
  milliseconds: AUDIT.days.default * 86_400_000,
  entries: AUDIT.entries,
  characters: AUDIT.characters,
  refusals: AUDIT.refusals.kept,
};

const REFUSED = ['refused', 'denied'] as const;

/** Rows that are looked at in one go. */
const PAGE = 1_000;

/** Deletes what is too old, of all tenants, and what is too much, of those that are named. */
export async function trimAudit(
  trx: Transaction<Database>,
  now: number,
  tenants: Iterable<string>,
  kept: AuditKept,
): Promise<void> {
  await trx
    .deleteFrom('audit_entry')
    .where('id', '<', idAt('auditEntry', now - kept.milliseconds))
    .execute();
  for (const tenantId of tenants) {
    await trimTenant(trx, tenantId, kept);
    for (const outcome of REFUSED) await trimRefusals(trx, tenantId, outcome, kept.refusals / REFUSED.length);
  }
}

/** Strangers can have any number of requests refused: that is counted apart from what was done. */
async function trimRefusals(
  trx: Transaction<Database>,
  tenantId: string,
  outcome: (typeof REFUSED)[number],
  most: number,
): Promise<void> {
  const refusals = trx.selectFrom('audit_entry').where('tenant_id', '=', tenantId).where('outcome', '=', outcome);
  const beyond = await refusals.select('id').orderBy('id', 'desc').limit(1).offset(most).executeTakeFirst();
  if (beyond === undefined) return;
  await trx
    .deleteFrom('audit_entry')
    .where('tenant_id', '=', tenantId)
    .where('outcome', '=', outcome)
    .where('id', '<=', beyond.id)
    .execute();
}

async function trimTenant(trx: Transaction<Database>, tenantId: string, kept: AuditKept): Promise<void> {
  const rows = trx.selectFrom('audit_entry').select(['id', 'place', 'total']).where('tenant_id', '=', tenantId);
  const newest = await rows.orderBy('id', 'desc').limit(1).executeTakeFirst();
  if (newest === undefined) return;
  const place = Number(newest.place) - kept.entries;
  const total = Number(newest.total) - kept.characters;
  // Mostly there is nothing to delete, and the oldest one tells.
  for (let page = 1; ; page = PAGE) {
    const oldest = await rows.orderBy('id').limit(page).execute();
    const last = oldest.findLast((row) => Number(row.place) <= place || Number(row.total) <= total);
    if (last === undefined) return;
    await trx.deleteFrom('audit_entry').where('tenant_id', '=', tenantId).where('id', '<=', last.id).execute();
    if (oldest.length < page || last !== oldest.at(-1)) return;
  }
}
