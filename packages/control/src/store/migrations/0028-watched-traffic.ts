import type { Kysely } from 'kysely';
import type { Migration } from 'kysely/migration';

/** Since when load balancers carry nothing: one row, or none, of JSON. Nobody has looked so far. */
export const watchedTraffic: Migration = {
  async up(db: Kysely<unknown>) {
    await db.schema
      .createTable('watched_traffic')
      .addColumn('id', 'bigint', (column) => column.primaryKey())
      .addColumn('document', 'text', (column) => column.notNull())
      .execute();
  },
};
