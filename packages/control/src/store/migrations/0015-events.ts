import type { Kysely } from 'kysely';
import type { Migration } from 'kysely/migration';

/** The log of events, and why operations were refused. */
export const events: Migration = {
  async up(db: Kysely<unknown>) {
    await db.schema
      .createTable('event')
      .addColumn('id', 'text', (column) => column.primaryKey())
      .addColumn('tenant_id', 'text', (column) => column.notNull())
      .addColumn('at', 'bigint', (column) => column.notNull())
      .addColumn('kind', 'text', (column) => column.notNull())
      .addColumn('severity', 'text', (column) => column.notNull())
      .addColumn('subject_kind', 'text', (column) => column.notNull())
      .addColumn('subject_id', 'text', (column) => column.notNull())
      .addColumn('load_balancer_id', 'text')
      .addColumn('place', 'bigint', (column) => column.notNull())
      .addColumn('body', 'text', (column) => column.notNull())
      .execute();
    for (const columns of [
      ['tenant_id', 'id'],
      ['tenant_id', 'severity', 'place'],
      ['tenant_id', 'kind', 'id'],
      ['tenant_id', 'load_balancer_id', 'id'],
      ['subject_id', 'id'],
    ]) {
      await db.schema
        .createIndex(`event_${columns.slice(0, -1).join('_')}_${columns.at(-1)}`)
        .on('event')
        .columns(columns)
        .execute();
    }
    await db.schema.alterTable('operation').addColumn('refused', 'text').execute();
  },
};
