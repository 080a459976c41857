import { type Kysely, sql } from 'kysely';
import type { Migration } from 'kysely/migration';
import { isPostgres } from '../postgres/dialect.ts';
import { RESOURCE_COLUMNS } from './resource-columns.ts';

/** The tenant that everything belongs to that was there before there were tenants. */
const DEFAULT_TENANT = 'tnt-000000000000000000';

/** Tables whose rows belong to a tenant, and the columns that each has of its own. */
const OWNED: Readonly<Record<string, readonly string[]>> = {
  elastic_ip: ['address text not null unique'],
  load_balancer: [
    'vip text not null unique',
    'elastic_ip_id text unique references elastic_ip (id) deferrable initially deferred',
  ],
  certificate: ['private_key text not null'],
  authority: [],
  security_policy: [],
};

/**
 * Tenants, users and their tokens. Names were unique everywhere, and are so within a tenant: SQLite can do that only by
 * making the tables anew, with the references to them unchecked meanwhile; see migrate.ts.
 */
export const tenants: Migration = {
  async up(db: Kysely<unknown>) {
    await db.schema
      .createTable('tenant')
      .$call(RESOURCE_COLUMNS)
      .addUniqueConstraint('tenant_name', ['name'])
      .execute();
    await sql`insert into tenant (id, name, settings, generation, created_at, updated_at)
      values (${DEFAULT_TENANT}, 'default', '{"description":"","tags":{},"quotas":{}}', 0, 0, 0)`.execute(db);
    await sql`create table user_account (
      ${columns}, unique (tenant_id, name)
    )`.execute(db);
    await sql`create table access_token (
      ${columns},
      user_id text not null references user_account (id) deferrable initially deferred,
      hash text not null unique,
      unique (user_id, name)
    )`.execute(db);
    for (const [table, own] of Object.entries(OWNED)) await makeOwned(db, table, own);
    await sql`alter table operation add column tenant_id text not null default ${sql.lit(DEFAULT_TENANT)}`.execute(db);
    await sql`create index operation_tenant_id on operation (tenant_id, id)`.execute(db);
  },
};

const columns = sql.raw(`
  id text primary key,
  name text not null,
  settings text not null,
  generation bigint not null,
  created_at bigint not null,
  updated_at bigint not null,
  tenant_id text not null references tenant (id) deferrable initially deferred`);

async function makeOwned(db: Kysely<unknown>, table: string, own: readonly string[]): Promise<void> {
  if (isPostgres(db)) return addOwner(db, table);
  const names = [
    'id',
    'name',
    'settings',
    'generation',
    'created_at',
    'updated_at',
    ...own.map((text) => text.split(' ', 1)[0]!),
  ];
  const list = sql.raw(names.join(', '));
  const made = sql.table(`${table}_of_tenants`);
  const before = sql.table(table);
  await sql`create table ${made} (${columns}${sql.raw(own.map((text) => `, ${text}`).join(''))}, unique (tenant_id, name))`.execute(
    db,
  );
  await sql`insert into ${made} (${list}, tenant_id) select ${list}, ${DEFAULT_TENANT} from ${before}`.execute(db);
  await sql`drop table ${before}`.execute(db);
  await sql`alter table ${made} rename to ${before}`.execute(db);
}

/** PostgreSQL changes a table in place. */
async function addOwner(db: Kysely<unknown>, table: string): Promise<void> {
  const name = sql.table(table);
  const unique = sql.ref(`${table}_name`);
  await sql`alter table ${name}
    add column tenant_id text not null default ${sql.lit(DEFAULT_TENANT)}
      references tenant (id) deferrable initially deferred`.execute(db);
  await sql`alter table ${name}
    alter column tenant_id drop default,
    drop constraint ${unique},
    add constraint ${unique} unique (tenant_id, name)`.execute(db);
}
