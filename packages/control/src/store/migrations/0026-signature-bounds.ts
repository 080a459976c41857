import { type Kysely, sql } from 'kysely';
import type { Migration } from 'kysely/migration';

/** Milliseconds: nobody knows what was used before, and clocks may be ahead by so much. */
const SETTLE = 15_000;

/**
 * Until when signatures of writes may have been used: Unix milliseconds by access key, and under the empty name for all
 * of them. Where there are keys, what was used so far was not written down.
 */
export const signatureBounds: Migration = {
  async up(db: Kysely<unknown>) {
    await db.schema
      .createTable('signature_bound')
      .addColumn('name', 'text', (column) => column.primaryKey())
      .addColumn('until', 'bigint', (column) => column.notNull())
      .execute();
    await sql`insert into signature_bound (name, until)
      select '', ${Date.now() + SETTLE} where exists (select 1 from access_key)`.execute(db);
  },
};
