import { type Kysely, sql } from 'kysely';
import type { Migration } from 'kysely/migration';
import { RESOURCE_COLUMNS } from './resource-columns.ts';

/** Webhooks, what waits for them and what was sent, and since when they fail. */
export const webhooks: Migration = {
  async up(db: Kysely<unknown>) {
    await db.schema
      .createTable('webhook')
      .$call(RESOURCE_COLUMNS)
      .addColumn('tenant_id', 'text', (column) =>
        column.notNull().references('tenant.id').modifyEnd(sql`deferrable initially deferred`),
      )
      .addColumn('secret', 'text', (column) => column.notNull())
      .addUniqueConstraint('webhook_name', ['tenant_id', 'name'])
      .execute();
    await db.schema
      .createTable('webhook_delivery')
      .addColumn('id', 'text', (column) => column.primaryKey())
      .addColumn('webhook_id', 'text', (column) => column.notNull())
      .addColumn('tenant_id', 'text', (column) => column.notNull())
      .addColumn('event_id', 'text', (column) => column.notNull())
      .addColumn('kind', 'text', (column) => column.notNull())
      .addColumn('state', 'text', (column) => column.notNull())
      .addColumn('attempts', 'bigint', (column) => column.notNull())
      .addColumn('created_at', 'bigint', (column) => column.notNull())
      .addColumn('next_at', 'bigint', (column) => column.notNull())
      .addColumn('settled_at', 'bigint')
      .addColumn('status', 'bigint')
      .addColumn('error', 'text', (column) => column.notNull())
      .addColumn('body', 'text', (column) => column.notNull())
      .execute();
    await db.schema
      .createIndex('webhook_delivery_of')
      .on('webhook_delivery')
      .columns(['webhook_id', 'state', 'id'])
      .execute();
    await db.schema.createIndex('webhook_delivery_due').on('webhook_delivery').columns(['state', 'next_at']).execute();
    await db.schema
      .createTable('webhook_failing')
      .addColumn('webhook_id', 'text', (column) => column.primaryKey())
      .addColumn('since', 'bigint', (column) => column.notNull())
      .addColumn('attempts', 'bigint', (column) => column.notNull())
      .execute();
  },
};
