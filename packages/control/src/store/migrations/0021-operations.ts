import type { Kysely } from 'kysely';
import type { Migration } from 'kysely/migration';

/** Which operation has taken another one back, what was told of ends of certificates, which signatures were used. */
export const cancelledOperations: Migration = {
  async up(db: Kysely<unknown>) {
    await db.schema.alterTable('operation').addColumn('cancelled_by', 'text').execute();
    await db.schema
      .createTable('certificate_notice')
      .addColumn('subject_id', 'text', (column) => column.primaryKey())
      .addColumn('not_after', 'text', (column) => column.notNull())
      .addColumn('days', 'bigint', (column) => column.notNull())
      .execute();
    await db.schema
      .createTable('signature_term')
      .addColumn('id', 'integer', (column) => column.primaryKey())
      .addColumn('term', 'text', (column) => column.notNull())
      .execute();
  },
};
