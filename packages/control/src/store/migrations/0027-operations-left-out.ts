import type { Kysely } from 'kysely';
import type { Migration } from 'kysely/migration';

/** Which nodes an operation has ended without. */
export const operationsLeftOut: Migration = {
  async up(db: Kysely<unknown>) {
    await db.schema.alterTable('operation').addColumn('left_out', 'text').execute();
  },
};
