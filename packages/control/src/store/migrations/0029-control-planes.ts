import type { Kysely } from 'kysely';
import type { Migration } from 'kysely/migration';

/** Which control planes share the database, and by which certificates nodes know them. */
export const controlPlanes: Migration = {
  async up(db: Kysely<unknown>) {
    await db.schema
      .createTable('control_plane')
      .addColumn('address', 'text', (column) => column.notNull())
      .addColumn('fingerprint', 'text', (column) => column.notNull())
      .addColumn('next_fingerprint', 'text')
      .addColumn('software', 'text', (column) => column.notNull())
      .addColumn('seen_at', 'bigint', (column) => column.notNull())
      .addPrimaryKeyConstraint('control_plane_id', ['address', 'fingerprint'])
      .execute();
  },
};
