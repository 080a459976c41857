import type { Kysely } from 'kysely';
import type { Migration } from 'kysely/migration';

/** What each write has changed, and the way back. */
export const revisions: Migration = {
  async up(db: Kysely<unknown>) {
    await db.schema
      .createTable('revision')
      .addColumn('generation', 'bigint', (column) => column.primaryKey())
      .addColumn('tenant_id', 'text', (column) => column.notNull())
      .addColumn('at', 'bigint', (column) => column.notNull())
      .addColumn('actor', 'text', (column) => column.notNull())
      .addColumn('action', 'text', (column) => column.notNull())
      .addColumn('request_id', 'text', (column) => column.notNull())
      .addColumn('operation_id', 'text', (column) => column.notNull())
      .addColumn('size', 'bigint', (column) => column.notNull())
      .addColumn('summary', 'text', (column) => column.notNull())
      .addColumn('resources', 'text', (column) => column.notNull())
      .addColumn('changes', 'text', (column) => column.notNull())
      .addColumn('undo', 'text', (column) => column.notNull())
      .execute();
    await db.schema.createIndex('revision_tenant_id').on('revision').columns(['tenant_id', 'generation']).execute();
  },
};
