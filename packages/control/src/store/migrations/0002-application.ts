import { type Kysely, sql } from 'kysely';
import type { Migration } from 'kysely/migration';
import { changeSettings } from './change-settings.ts';
import { RESOURCE_COLUMNS } from './resource-columns.ts';

/** What objects have of settings that did not exist when they were written. */
const LISTENER = {
  trustedProxies: [],
  acceptProxyProtocol: false,
  desyncMode: 'defensive',
  upgradeIdleTimeout: 60,
  compression: false,
  errorPages: [],
  forwarding: {
    clientAddress: 'append',
    protocol: false,
    port: false,
    host: false,
    loadBalancerAddress: false,
    clientPort: false,
    standard: false,
  },
};
const SERVICE = { proxyProtocol: 'none', transparent: false };
const stickiness = (id: string) => ({
  type: 'none',
  cookieName: `EVENKEEL-${id.slice(-8).toUpperCase()}`,
  expiry: 0,
  timeout: 300,
});

/** Settings of the application load balancer: stickiness, source address, HTTP, target states. */
export const application: Migration = {
  async up(db: Kysely<unknown>) {
    await createRules(db);
    await db.schema.alterTable('backend_service').addColumn('stickiness_keys', 'text').execute();
    await changeSettings(db, 'listener', (settings) => ({ ...LISTENER, ...settings }));
    await changeSettings(db, 'backend_service', (settings, id) => ({
      ...SERVICE,
      ...settings,
      stickiness: stickiness(id),
    }));
    await changeSettings(db, 'target', (settings) => ({ state: 'active', ...settings }));
  },
};

async function createRules(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createTable('rule_group')
    .$call(RESOURCE_COLUMNS)
    .addColumn('load_balancer_id', 'text', (column) => column.notNull())
    .addUniqueConstraint('rule_group_name', ['load_balancer_id', 'name'])
    .addForeignKeyConstraint('rule_group_owner', ['load_balancer_id'], 'load_balancer', ['id'], (key) =>
      key.deferrable().initiallyDeferred(),
    )
    .execute();
  await db.schema
    .createTable('rule')
    .$call(RESOURCE_COLUMNS)
    .addColumn('rule_group_id', 'text', (column) => column.notNull())
    .addUniqueConstraint('rule_name', ['rule_group_id', 'name'])
    .addForeignKeyConstraint('rule_owner', ['rule_group_id'], 'rule_group', ['id'], (key) =>
      key.deferrable().initiallyDeferred(),
    )
    .execute();
  // SQLite takes a deferred reference with a new column, but no constraint by itself.
  await sql`alter table listener add column rule_group_id text references rule_group (id) deferrable initially deferred`.execute(
    db,
  );
  await db.schema.createIndex('listener_rule_group_id').on('listener').column('rule_group_id').execute();
}
