import type { Kysely } from 'kysely';
import type { Migration } from 'kysely/migration';

/** Who leads of several control planes, and what the others have to read anew after each change. */
export const leadership: Migration = {
  async up(db: Kysely<unknown>) {
    await db.schema
      .createTable('leadership')
      .addColumn('id', 'integer', (column) => column.primaryKey())
      .addColumn('epoch', 'bigint', (column) => column.notNull())
      .addColumn('address', 'text', (column) => column.notNull())
      .addColumn('fingerprint', 'text')
      .addColumn('since', 'bigint', (column) => column.notNull())
      .execute();
    await db.schema
      .createTable('change_feed')
      .addColumn('generation', 'bigint', (column) => column.primaryKey())
      .addColumn('previous', 'bigint', (column) => column.notNull())
      .addColumn('changes', 'text')
      .execute();
  },
};
