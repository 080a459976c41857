import type { Kysely } from 'kysely';
import type { Migration } from 'kysely/migration';

/** Changes of block lists, which are no part of the configuration: together they are what the lists are. */
export const blockLists: Migration = {
  async up(db: Kysely<unknown>) {
    await db.schema
      .createTable('block_list_change')
      .addColumn('version', 'bigint', (column) => column.primaryKey())
      .addColumn('nonce', 'text', (column) => column.notNull())
      .addColumn('tenant_id', 'text', (column) => column.notNull())
      .addColumn('reason', 'text', (column) => column.notNull())
      .addColumn('entries', 'text', (column) => column.notNull())
      .execute();
  },
};
