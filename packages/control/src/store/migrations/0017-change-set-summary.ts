import type { Kysely } from 'kysely';
import type { Migration } from 'kysely/migration';

/** How many objects a change set is about, apart from its plan: a list shows many of them. */
export const changeSetSummary: Migration = {
  async up(db: Kysely<unknown>) {
    await db.schema
      .alterTable('change_set')
      .addColumn('summary', 'text', (column) => column.notNull().defaultTo('{"created":0,"updated":0,"deleted":0}'))
      .execute();
  },
};
