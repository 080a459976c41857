import type { Kysely, Transaction } from 'kysely';
import type { Database } from '../store/schema.ts';

/** A change of one tenant's block list; `entries` are packed. */
export interface BlockListChange {
  readonly version: number;
  readonly nonce: string;
  readonly tenantId: string;
  readonly reason: string;
  readonly entries: Uint8Array;
}

/** The first of the changes behind a version, in order. */
export async function readChanges(db: Kysely<Database>, after: number, limit: number): Promise<BlockListChange[]> {
  const rows = await db
    .selectFrom('block_list_change')
    .selectAll()
    .where('version', '>', after)
    .orderBy('version')
    .limit(limit)
    .execute();
  return rows.map(({ version, nonce, tenant_id: tenantId, reason, entries }) => ({
    version: Number(version),
    nonce,
    tenantId,
    reason,
    entries: Buffer.from(entries, 'base64'),
  }));
}

/** All of them, so many at a time. */
export async function* allChanges(db: Kysely<Database>, rows: number): AsyncGenerator<readonly BlockListChange[]> {
  for (let after = -1; ; ) {
    const batch = await readChanges(db, after, rows);
    yield batch;
    if (batch.length < rows) return;
    after = batch.at(-1)!.version;
  }
}

export async function saveChanges(trx: Transaction<Database>, changes: readonly BlockListChange[]): Promise<void> {
  for (const { version, nonce, tenantId, reason, entries } of changes) {
    const row = { version, nonce, tenant_id: tenantId, reason, entries: Buffer.from(entries).toString('base64') };
    await trx.insertInto('block_list_change').values(row).execute();
  }
}

/** These in place of all that there are. */
export async function replaceChanges(trx: Transaction<Database>, changes: readonly BlockListChange[]): Promise<void> {
  await trx.deleteFrom('block_list_change').execute();
  await saveChanges(trx, changes);
}
