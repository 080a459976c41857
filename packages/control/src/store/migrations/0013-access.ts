import { type Kysely, sql } from 'kysely';
import type { Migration } from 'kysely/migration';
import { changeSettings } from './change-settings.ts';
import { RESOURCE_COLUMNS } from './resource-columns.ts';

/** Access policies, access keys, passwords and sessions. Users had no policies. */
export const access: Migration = {
  async up(db: Kysely<unknown>) {
    await ownedTable(db, 'access_policy').addUniqueConstraint('access_policy_name', ['tenant_id', 'name']).execute();
    await ownedTable(db, 'access_key')
      .addColumn('user_id', 'text', (column) =>
        column.notNull().references('user_account.id').modifyEnd(sql`deferrable initially deferred`),
      )
      .addColumn('secret', 'text', (column) => column.notNull())
      .addUniqueConstraint('access_key_name', ['user_id', 'name'])
      .execute();
    await db.schema.alterTable('user_account').addColumn('password', 'text').execute();
    await db.schema.alterTable('user_account').addColumn('password_changed_at', 'bigint').execute();
    await db.schema
      .createTable('session')
      .addColumn('id', 'text', (column) => column.primaryKey())
      .addColumn('tenant_id', 'text', (column) => column.notNull())
      .addColumn('user_id', 'text', (column) => column.notNull())
      .addColumn('hash', 'text', (column) => column.notNull().unique())
      .addColumn('user_generation', 'bigint', (column) => column.notNull())
      .addColumn('source', 'text', (column) => column.notNull())
      .addColumn('user_agent', 'text', (column) => column.notNull())
      .addColumn('created_at', 'bigint', (column) => column.notNull())
      .addColumn('last_seen_at', 'bigint', (column) => column.notNull())
      .execute();
    await db.schema.createIndex('session_user_id').on('session').columns(['user_id', 'id']).execute();
    await changeSettings(db, 'user_account', (settings) => ({ accessPolicyIds: [], ...settings }));
  },
};

function ownedTable(db: Kysely<unknown>, name: string) {
  return db.schema
    .createTable(name)
    .$call(RESOURCE_COLUMNS)
    .addColumn('tenant_id', 'text', (column) =>
      column.notNull().references('tenant.id').modifyEnd(sql`deferrable initially deferred`),
    );
}
