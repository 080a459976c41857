import type { Kysely } from 'kysely';
import type { Migration } from 'kysely/migration';
import { RESOURCE_COLUMNS } from './resource-columns.ts';

/** References are checked when the transaction ends, so that the order of statements within it does not matter. */
export const initial: Migration = {
  async up(db: Kysely<unknown>) {
    const resource = (name: string) => db.schema.createTable(name).$call(RESOURCE_COLUMNS);

    await db.schema
      .createTable('state')
      .addColumn('id', 'integer', (column) => column.primaryKey())
      .addColumn('generation', 'bigint', (column) => column.notNull())
      .execute();
    await db.schema
      .createTable('address_pool')
      .addColumn('name', 'text', (column) => column.primaryKey())
      .addColumn('last', 'bigint', (column) => column.notNull())
      .execute();

    await resource('elastic_ip')
      .addColumn('address', 'text', (column) => column.notNull())
      .addUniqueConstraint('elastic_ip_name', ['name'])
      .addUniqueConstraint('elastic_ip_address', ['address'])
      .execute();
    await resource('load_balancer')
      .addColumn('vip', 'text', (column) => column.notNull())
      .addColumn('elastic_ip_id', 'text')
      .addUniqueConstraint('load_balancer_name', ['name'])
      .addUniqueConstraint('load_balancer_vip', ['vip'])
      .addUniqueConstraint('load_balancer_elastic_ip', ['elastic_ip_id'])
      .addForeignKeyConstraint('load_balancer_elastic_ip_reference', ['elastic_ip_id'], 'elastic_ip', ['id'], (key) =>
        key.deferrable().initiallyDeferred(),
      )
      .execute();
    await resource('target_group')
      .addColumn('load_balancer_id', 'text', (column) => column.notNull())
      .addUniqueConstraint('target_group_name', ['load_balancer_id', 'name'])
      .addForeignKeyConstraint('target_group_owner', ['load_balancer_id'], 'load_balancer', ['id'], (key) =>
        key.deferrable().initiallyDeferred(),
      )
      .execute();
    await resource('target')
      .addColumn('target_group_id', 'text', (column) => column.notNull())
      .addColumn('address', 'text', (column) => column.notNull())
      .addColumn('port', 'integer', (column) => column.notNull())
      .addUniqueConstraint('target_address', ['target_group_id', 'address', 'port'])
      .addForeignKeyConstraint('target_owner', ['target_group_id'], 'target_group', ['id'], (key) =>
        key.deferrable().initiallyDeferred(),
      )
      .execute();
    await resource('backend_service')
      .addColumn('load_balancer_id', 'text', (column) => column.notNull())
      .addColumn('target_group_id', 'text')
      .addUniqueConstraint('backend_service_name', ['load_balancer_id', 'name'])
      .addForeignKeyConstraint('backend_service_owner', ['load_balancer_id'], 'load_balancer', ['id'], (key) =>
        key.deferrable().initiallyDeferred(),
      )
      .addForeignKeyConstraint('backend_service_group', ['target_group_id'], 'target_group', ['id'], (key) =>
        key.deferrable().initiallyDeferred(),
      )
      .execute();
    await resource('listener')
      .addColumn('load_balancer_id', 'text', (column) => column.notNull())
      .addColumn('port', 'integer', (column) => column.notNull())
      .addColumn('backend_service_id', 'text')
      .addUniqueConstraint('listener_name', ['load_balancer_id', 'name'])
      .addUniqueConstraint('listener_port', ['load_balancer_id', 'port'])
      .addForeignKeyConstraint('listener_owner', ['load_balancer_id'], 'load_balancer', ['id'], (key) =>
        key.deferrable().initiallyDeferred(),
      )
      .addForeignKeyConstraint('listener_service', ['backend_service_id'], 'backend_service', ['id'], (key) =>
        key.deferrable().initiallyDeferred(),
      )
      .execute();
    // A deletion looks for what refers to the row.
    for (const [table, column] of [
      ['backend_service', 'target_group_id'],
      ['listener', 'backend_service_id'],
    ] as const) {
      await db.schema.createIndex(`${table}_${column}`).on(table).column(column).execute();
    }

    await db.schema
      .createTable('operation')
      .addColumn('id', 'text', (column) => column.primaryKey())
      .addColumn('generation', 'bigint', (column) => column.notNull())
      .addColumn('action', 'text', (column) => column.notNull())
      .addColumn('resources', 'text', (column) => column.notNull())
      .addColumn('listeners', 'text', (column) => column.notNull())
      .addColumn('created_at', 'bigint', (column) => column.notNull())
      .addColumn('outcome', 'text')
      .addColumn('settled_at', 'bigint')
      .execute();
    await db.schema
      .createTable('audit')
      .addColumn('id', 'integer', (column) => column.primaryKey().autoIncrement())
      .addColumn('generation', 'bigint', (column) => column.notNull())
      .addColumn('at', 'bigint', (column) => column.notNull())
      .addColumn('actor', 'text', (column) => column.notNull())
      .addColumn('action', 'text', (column) => column.notNull())
      .addColumn('request_id', 'text', (column) => column.notNull())
      .addColumn('changes', 'text', (column) => column.notNull())
      .execute();
    await db.schema
      .createTable('idempotency')
      .addColumn('actor', 'text', (column) => column.notNull())
      .addColumn('key', 'text', (column) => column.notNull())
      .addColumn('fingerprint', 'text', (column) => column.notNull())
      .addColumn('at', 'bigint', (column) => column.notNull())
      .addColumn('answer', 'text', (column) => column.notNull())
      .addPrimaryKeyConstraint('idempotency_key', ['actor', 'key'])
      .execute();
    await db.schema.createIndex('idempotency_at').on('idempotency').column('at').execute();
    await db.schema
      .createTable('node')
      .addColumn('id', 'text', (column) => column.primaryKey())
      .addColumn('zone', 'text', (column) => column.notNull())
      .addColumn('software', 'text', (column) => column.notNull())
      .addColumn('reactor', 'text', (column) => column.notNull())
      .addColumn('workers', 'integer', (column) => column.notNull())
      .addColumn('applied_generation', 'bigint', (column) => column.notNull())
      .addColumn('first_seen_at', 'bigint', (column) => column.notNull())
      .addColumn('last_seen_at', 'bigint', (column) => column.notNull())
      .execute();
  },
};
