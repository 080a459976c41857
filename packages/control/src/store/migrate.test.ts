import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { DEFAULT_TENANT } from '@evenkeel/model/access.ts';
import { DEFAULT_QUOTAS } from '@evenkeel/model/limits.ts';
import { Kysely, SqliteDialect, sql } from 'kysely';
import { Migrator } from 'kysely/migration';
import { temporaryHome } from '../../test/home.ts';
import { showAuditRow } from '../audit/entry.ts';
import { compile } from '../plan/compile.ts';
import { network } from '../resources/addresses.ts';
import { Vault } from '../secrets/vault.ts';
import { MIGRATIONS, migrateSqlite } from './migrate.ts';
import type { Database } from './schema.ts';
import { APPLICATION_ID, SqliteFile } from './sqlite.ts';
import { Store } from './store.ts';

const LB = 'lb-01hf7yat018zv6cc00';
const SERVICE = 'svc-01hf7yat018zv6cc01';
const GROUP = 'tg-01hf7yat018zv6cc02';
const LISTENER = 'lsn-01hf7yat018zv6cc04';

/** What the first version had written of one load balancer. */
const ROWS = {
  load_balancer: {
    id: LB,
    vip: '127.77.0.1',
    settings: { type: 'application', description: '', tags: {}, deletionProtection: false },
  },
  target_group: { id: GROUP, load_balancer_id: LB, settings: { type: 'ip', description: '', tags: {} } },
  target: {
    id: 'tgt-01hf7yat018zv6cc03',
    target_group_id: GROUP,
    address: '10.0.0.1',
    port: 0,
    settings: { weight: 10, zone: 'rack.1' },
  },
  backend_service: {
    id: SERVICE,
    load_balancer_id: LB,
    target_group_id: GROUP,
    settings: {
      protocol: 'http',
      port: 80,
      description: '',
      tags: {},
      algorithm: 'round-robin',
      drainTimeout: 300,
      connectTimeout: 4,
      readTimeout: 60,
      stickiness: { type: 'none' },
      healthCheck: { enabled: false },
    },
  },
  listener: {
    id: LISTENER,
    load_balancer_id: LB,
    port: 80,
    backend_service_id: SERVICE,
    settings: {
      protocol: 'http',
      description: '',
      tags: {},
      enabled: true,
      idleTimeout: 7,
      headerTimeout: 60,
      accessLog: true,
    },
  },
};

async function firstVersion(file: string): Promise<void> {
  mkdirSync(dirname(file), { recursive: true });
  const sqlite = new SqliteFile(file);
  sqlite.pragma(`application_id = ${APPLICATION_ID}`);
  const db = new Kysely<never>({ dialect: new SqliteDialect({ database: sqlite }) });
  const provider = { getMigrations: async () => ({ '0001-initial': MIGRATIONS['0001-initial']! }) };
  const { error } = await new Migrator({ db, provider }).migrateToLatest();
  assert.equal(error, undefined);
  await sql`insert into state (id, generation) values (1, 5)`.execute(db);
  const changes = JSON.stringify([{ kind: 'listener', id: LISTENER, name: 'a', change: 'updated' }]);
  for (const [at, text] of [
    [1_700_000_000_000, changes],
    [1_700_000_000_001, '[]'],
  ]) {
    await sql`insert into audit (generation, at, actor, action, request_id, changes)
      values (5, ${at}, 'admin', 'updateListener', 'r', ${text})`.execute(db);
  }
  for (const [table, { settings, ...columns }] of Object.entries(ROWS)) {
    const row = {
      ...columns,
      name: 'a',
      settings: JSON.stringify(settings),
      generation: 5,
      created_at: 1,
      updated_at: 1,
    };
    const names = sql.join(Object.keys(row).map((name) => sql.ref(name)));
    await sql`insert into ${sql.table(table)} (${names}) values (${sql.join(Object.values(row))})`.execute(db);
  }
  await sql`insert into node (id, zone, software, reactor, workers, applied_generation, first_seen_at, last_seen_at)
    values ('node-1', 'rack.2', '0', 'uring', 1, 5, 1, 1), ('node-2', 'what: nobody', '0', 'uring', 1, 5, 1, 1)`.execute(
    db,
  );
  sqlite.close();
}

test('a state of the first version has defaults for what came later, and its plan says the same', async (t) => {
  const home = temporaryHome(t);
  const file = join(home, 'state', 'evenkeel.db');
  await firstVersion(file);
  const store = await Store.open({
    file,
    quotas: DEFAULT_QUOTAS,
    pools: { vip: network('127.77.0.0/24'), elasticIp: network('127.88.0.0/24') },
    vault: new Vault(join(home, 'key')),
    now: Date.now,
    random: Math.random,
    secret: randomBytes,
  });
  t.after(() => store.close());
  const tree = store.state.loadBalancers.get(LB)!;
  const { region, zones, nodesPerZone } = tree.loadBalancer;
  assert.deepEqual([region, zones, nodesPerZone], ['local', [], null]);
  assert.deepEqual(
    Array.from(store.state.zones.values(), (zone) => [zone.name, zone.region]),
    [
      ['local', 'local'],
      ['rack.1', 'local'],
      ['rack.2', 'local'],
    ],
    'those that nodes and targets have named',
  );
  const service = tree.services.get(SERVICE)!;
  const [listener] = [...tree.listeners.values()];
  const [target] = [...tree.groups.get(GROUP)!.targets.values()];
  assert.deepEqual(service.stickiness, { type: 'none', cookieName: 'EVENKEEL-8ZV6CC01', expiry: 0, timeout: 300 });
  assert.deepEqual([service.stickinessKeys, service.proxyProtocol, service.transparent], [null, 'none', false]);
  assert.deepEqual([listener!.idleTimeout, listener!.desyncMode, listener!.ruleGroupId], [7, 'defensive', null]);
  assert.deepEqual([listener!.bodyTimeout, listener!.limits.bodySize, service.sendTimeout], [60, null, 60]);
  assert.deepEqual([listener!.limits.sourceRequestsPerSecond, listener!.limits.synAlarm], [null, null]);
  assert.deepEqual([listener!.accessLogFormat, listener!.requestId], [null, 'errors']);
  assert.deepEqual([listener!.relativeRedirects, listener!.responseHeaders], [false, []]);
  assert.deepEqual([service.hash.key, service.zone.preference, service.rebalance.enabled], ['uri', 'none', false]);
  const { send, tlsVerify } = service.healthCheck;
  assert.deepEqual([send, tlsVerify], ['', 'auto']);
  assert.deepEqual([target!.state, tree.ruleGroups.size], ['active', 0]);

  const values = new Map(Array.from(compile(store.state, null).entries.values(), ({ kind, value }) => [kind, value]));
  const planned = values.get('listener') as { http: { forwarding: { clientAddress: string } } };
  assert.equal(planned.http.forwarding.clientAddress, 'append');
  assert.doesNotMatch(JSON.stringify([...values]), /undefined|NaN/);
  const entries = await store.read((db) => db.selectFrom('audit_entry').selectAll().orderBy('id').execute());
  assert.deepEqual(
    entries.map((row) => [row.tenant_id, row.place, row.resource_id, showAuditRow(row).at, showAuditRow(row).change]),
    [
      [DEFAULT_TENANT.id, 1, LISTENER, '2023-11-14T22:13:20.000Z', 'updated'],
      [DEFAULT_TENANT.id, 2, null, '2023-11-14T22:13:20.001Z', null],
    ],
  );
});

test('nodes that could name any zone stay in the one that they named last', async (t) => {
  const file = join(temporaryHome(t), 'state', 'evenkeel.db');
  await firstVersion(file);
  const sqlite = new SqliteFile(file);
  t.after(() => sqlite.close());
  const db = new Kysely<Database>({ dialect: new SqliteDialect({ database: sqlite }) });
  await migrateSqlite(db, Object.fromEntries(Object.entries(MIGRATIONS).filter(([name]) => name < '0024')));
  const joined = { identity: 'i', join_token_id: 'jt', join_key: 'k', serial: '1' };
  const times = { joined_at: 1, issued_at: 1, not_after: 2, revoked_at: null };
  const zones = [
    ['node-1', ''],
    ['node-2', 'east'],
    ['never-came', ''],
  ] as const;
  for (const [node, zone] of zones) {
    await db
      .insertInto('node_identity')
      .values({ node, zone, ...joined, ...times })
      .execute();
  }
  await migrateSqlite(db);
  const rows = await db.selectFrom('node_identity').select(['node', 'zone']).orderBy('node').execute();
  assert.deepEqual(
    rows.map(({ node, zone }) => [node, zone]),
    [
      ['never-came', ''],
      ['node-1', 'rack.2'],
      ['node-2', 'east'],
    ],
  );
});

/** Fails as a full disk would: in the middle of its statements. */
const BROKEN = {
  async up(db: Kysely<unknown>) {
    await sql`alter table load_balancer rename to gone`.execute(db);
    await sql`create table half (id text)`.execute(db);
    throw new Error('database or disk is full');
  },
};
/** Leaves a reference to nothing. */
const DANGLING = {
  async up(db: Kysely<unknown>) {
    await sql`delete from load_balancer`.execute(db);
  },
};

for (const [name, migration, reason] of [
  ['a migration that fails in the middle', BROKEN, /disk is full/],
  ['a migration that breaks a reference', DANGLING, /refers to a load_balancer that is not there/],
] as const) {
  test(`${name} changes nothing, and neither do those before it; the next start does all`, async (t) => {
    const file = join(temporaryHome(t), 'state', 'evenkeel.db');
    await firstVersion(file);
    const sqlite = new SqliteFile(file);
    t.after(() => sqlite.close());
    const db = new Kysely<Database>({ dialect: new SqliteDialect({ database: sqlite }) });
    const tables = () => sqlite.raw.prepare('select name, sql from sqlite_master order by name').all();
    const before = tables();
    await assert.rejects(migrateSqlite(db, { ...MIGRATIONS, '9999-next': migration }), reason);
    // The migrator has made its own tables at the first version already.
    assert.deepEqual(tables(), before);
    await migrateSqlite(db);
    assert.equal(sqlite.raw.prepare('select count(*) as n from load_balancer').get()!['n'], 1);
    assert.equal(sqlite.pragma('foreign_keys'), 1);
  });
}
