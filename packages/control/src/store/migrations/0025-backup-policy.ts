import type { Kysely } from 'kysely';
import type { Migration } from 'kysely/migration';

/** When backups are made by themselves: one row, or none, of JSON. So far each home had a file of it. */
export const backupPolicy: Migration = {
  async up(db: Kysely<unknown>) {
    await db.schema
      .createTable('backup_policy')
      .addColumn('id', 'bigint', (column) => column.primaryKey())
      .addColumn('rules', 'text', (column) => column.notNull())
      .execute();
  },
};
