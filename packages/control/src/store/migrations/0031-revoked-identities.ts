import type { Kysely } from 'kysely';
import type { Migration } from 'kysely/migration';

/** Identities that were revoked, and whose nodes were forgotten since, or have joined anew. */
export const revokedIdentities: Migration = {
  async up(db: Kysely<unknown>) {
    await db.schema
      .createTable('revoked_identity')
      .addColumn('identity', 'text', (column) => column.primaryKey())
      .addColumn('node', 'text', (column) => column.notNull())
      .addColumn('revoked_at', 'bigint', (column) => column.notNull())
      .addColumn('until', 'bigint', (column) => column.notNull())
      .execute();
  },
};
