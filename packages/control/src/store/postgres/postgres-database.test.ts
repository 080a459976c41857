import assert from 'node:assert/strict';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { type TestContext, test } from 'node:test';
import { sql, type Transaction } from 'kysely';
import { readBackup } from '../../../src/backup/contents.ts';
import { temporaryHome } from '../../../test/home.ts';
import { changeAtRandom, seeded } from '../../../test/random-changes.ts';
import { openOnPostgres, POSTGRES_KIND, postgresServer, storeOptions } from '../../../test/stores.ts';
import { createFromDocument } from '../../configuration/apply.ts';
import { ProblemError } from '../../problem.ts';
import { network } from '../../resources/addresses.ts';
import { StartError } from '../../start-error.ts';
import type { Draft } from '../../state/draft.ts';
import { EMPTY_STATE } from '../../state/state.ts';
import { MIGRATIONS, migratePostgres } from '../migrate.ts';
import type { Database } from '../schema.ts';
import { Store, type StoreOptions } from '../store.ts';
import { openPostgres } from './open.ts';
import { PostgresDatabase } from './postgres-database.ts';
import { parsePostgresUrl } from './settings.ts';

const { skip } = POSTGRES_KIND;
const WRITE = { action: 'test', actor: 'tester', requestId: 'r' };
const WIDE = { pools: { vip: network('127.77.0.0/24'), elasticIp: network('127.88.0.0/24') } };

const create = (name: string) => (draft: Draft) => createFromDocument(draft, { name });

function isProblem(code: string): (error: unknown) => boolean {
  return (error) => error instanceof ProblemError && error.code === code;
}

/** A store that reads along. */
async function openFollower(t: TestContext, url: string, options: StoreOptions): Promise<Store> {
  const opened = await openPostgres(parsePostgresUrl(url), options.vault, { changed() {}, waiting() {} });
  const store = new Store(options, opened);
  t.after(async () => {
    await store.close();
    await opened.session.close();
  });
  return store;
}

async function makeUrl(): Promise<string> {
  return (await postgresServer()).createDatabase();
}

test('a follower has the state of the leader after each change, and shares what has not changed', {
  skip,
}, async (t) => {
  const random = seeded(5);
  const [url, options] = [await makeUrl(), storeOptions(temporaryHome(t), WIDE)];
  const leader = await openOnPostgres(t, url, options);
  const follower = await openFollower(t, url, options);
  let shared = 0;
  for (let round = 0; round < 60; round++) {
    const before = follower.state;
    for (let i = 0; i <= round % 4; i++)
      await leader.write({ ...WRITE, run: (draft) => changeAtRandom(draft, random) });
    await follower.follow();
    assert.deepEqual(follower.state, leader.state);
    for (const [id, tree] of follower.state.loadBalancers) if (before.loadBalancers.get(id) === tree) shared++;
  }
  assert.ok(follower.state.loadBalancers.size > 1 && shared > 60, `${shared} were shared`);
});

test('a follower that is told too little reads everything', { skip }, async (t) => {
  const [url, options] = [await makeUrl(), storeOptions(temporaryHome(t))];
  const leader = await openOnPostgres(t, url, options);
  const follower = await openFollower(t, url, options);
  await leader.write({ ...WRITE, run: create('a') });
  await leader.database.db.deleteFrom('change_feed').execute();
  await leader.write({ ...WRITE, run: create('b') });
  await follower.follow();
  assert.deepEqual(follower.state, leader.state);
});

test('a leader that another one has followed writes nothing any more, and is told', { skip }, async (t) => {
  const [url, home] = [await makeUrl(), temporaryHome(t)];
  let superseded = 0;
  const old = await openOnPostgres(t, url, storeOptions(home, { superseded: () => superseded++ }));
  await old.write({ ...WRITE, run: create('a') });
  const young = await openOnPostgres(t, url, storeOptions(home));
  const results = await Promise.allSettled([
    old.write({ ...WRITE, run: create('b') }),
    old.record((trx) =>
      trx
        .deleteFrom('operation')
        .execute()
        .then(() => {}),
    ),
  ]);
  for (const result of results) assert.ok(result.status === 'rejected' && isProblem('not-leading')(result.reason));
  assert.equal(superseded, 1);
  await young.write({ ...WRITE, run: create('c') });
  await old.follow();
  assert.deepEqual(old.state, young.state);
  assert.deepEqual(
    [...young.state.loadBalancers.values()].map(({ loadBalancer }) => loadBalancer.name),
    ['a', 'c'],
  );
});

test('a new leader waits for the transaction that the old one commits', { skip, timeout: 60_000 }, async (t) => {
  const [url, options] = [await makeUrl(), storeOptions(temporaryHome(t))];
  const old = await openOnPostgres(t, url, options);
  const young = await openFollower(t, url, options);
  const place = { address: 'http://127.0.0.1:2', fingerprint: null };
  let leads = false;
  let term: Promise<void> | undefined;
  let waits = false;
  await old.write({
    ...WRITE,
    run: create('a'),
    also: async () => {
      term ??= (young.database as PostgresDatabase)
        .lead(place, 0, () => young.follow())
        .then(() => {
          leads = true;
        });
      while (!leads && !waits) waits = await isLocked(url);
      assert.equal(leads, false);
    },
  });
  await term;
  assert.ok(waits);
  assert.deepEqual(young.state, old.state);
  assert.equal(young.state.loadBalancers.size, 1);
});

/** Whether somebody waits for a row that another one has. */
async function isLocked(url: string): Promise<boolean> {
  await new Promise((resolve) => setImmediate(resolve));
  return Number(await ask(url, 'select count(*) from pg_locks where not granted')) > 0;
}

async function ask(url: string, statement: string): Promise<string> {
  return (await postgresServer()).query(new URL(url).pathname.slice(1), statement).trim();
}

test('what is refused when it is committed takes no connection away', { skip, timeout: 60_000 }, async (t) => {
  const url = await makeUrl();
  const store = await openOnPostgres(t, url, storeOptions(temporaryHome(t)));
  await ask(
    url,
    'create table parent (id int primary key); create table child (id int references parent initially deferred)',
  );
  const run = create('a');
  for (let i = 0; i < 8; i++) {
    const also = async (trx: Transaction<Database>) => {
      await sql`insert into child values (1)`.execute(trx);
    };
    await assert.rejects(store.write({ ...WRITE, run, also }), isProblem('internal'));
  }
  await store.write({ ...WRITE, run });
  assert.equal(await ask(url, "select count(*) from pg_stat_activity where state like 'idle in transaction%'"), '0');
  await store.close();
});

test('a transaction whose process says no more gives its locks back soon', { skip }, async (t) => {
  const store = await openOnPostgres(t, await makeUrl(), storeOptions(temporaryHome(t)));
  const { rows } = await sql<{ name: string; setting: string; unit: string }>`
    select name, setting, unit from pg_settings where name = 'idle_in_transaction_session_timeout'`.execute(
    store.database.db,
  );
  assert.deepEqual(rows, [{ name: 'idle_in_transaction_session_timeout', setting: '10000', unit: 'ms' }]);
});

test('a copy is a file of SQLite with the whole state, also while it is written to', { skip }, async (t) => {
  const home = temporaryHome(t);
  const random = seeded(7);
  const options = storeOptions(home, WIDE);
  const store = await openOnPostgres(t, await makeUrl(), options);
  for (let i = 0; i < 80; i++) await store.write({ ...WRITE, run: (draft) => changeAtRandom(draft, random) });
  const before = store.state;
  const path = join(home, 'copy.db');
  const [, { generation }] = await Promise.all([store.copyTo(path), store.write({ ...WRITE, run: create('later') })]);
  const state = await readBackup(path, temporaryHome(t), options.vault);
  if (state.generation === generation) assert.deepEqual(state, store.state);
  else assert.deepEqual(state, before);
  assert.ok(state.loadBalancers.size > 0);
});

test('while the server is away writes fail with nothing changed, reads say so, and both succeed when it is back', {
  skip,
}, async (t) => {
  const server = await postgresServer();
  const store = await openOnPostgres(t, await makeUrl(), storeOptions(temporaryHome(t)));
  const operations = () => store.read((db) => db.selectFrom('operation').select('id').execute());
  await store.write({ ...WRITE, run: create('a') });
  await server.crash();
  try {
    await assert.rejects(store.write({ ...WRITE, run: create('b') }), isProblem('storage-failed'));
    await assert.rejects(operations(), isProblem('storage-failed'));
  } finally {
    await server.resume();
  }
  assert.equal(store.state.loadBalancers.size, 1);
  await store.write({ ...WRITE, run: create('b') });
  assert.equal(store.state.loadBalancers.size, 2);
  assert.equal((await operations()).length, 2);
  // A defect is not the database's.
  await assert.rejects(
    store.read((db) =>
      db
        .selectFrom('none' as 'operation')
        .select('id')
        .execute(),
    ),
    /"none"/,
  );
});

test('texts are in the order of their bytes, and numbers have 64 bits', { skip }, async (t) => {
  const store = await openOnPostgres(t, await makeUrl(), storeOptions(temporaryHome(t)));
  const columns = await store.database.db.introspection.getTables();
  assert.deepEqual([...new Set(columns.flatMap((table) => table.columns.map(({ dataType }) => dataType)))].sort(), [
    'int8',
    'text',
  ]);
  assert.equal(store.state.generation, EMPTY_STATE.generation);
});

test('tables of an earlier version are copied before they are brought up to date', { skip }, async (t) => {
  const [url, home] = [await makeUrl(), temporaryHome(t)];
  const { vault } = storeOptions(home);
  const database = await PostgresDatabase.open(parsePostgresUrl(url));
  const first = Object.entries(MIGRATIONS).filter(([name]) => name < '0011');
  await migratePostgres(database.db, Object.fromEntries(first));
  await database.close();
  const copy = join(home, 'before.db');
  const upgrading = (copyTo: (path: string) => Promise<void>) => copyTo(copy);
  const opened = await openPostgres(parsePostgresUrl(url), vault, { changed() {}, waiting() {}, upgrading });
  t.after(async () => {
    await opened.database.close();
    await opened.session.close();
  });
  const done = new DatabaseSync(copy).prepare('select name from kysely_migration order by name').all();
  assert.deepEqual(
    done.map(({ name }) => name),
    first.map(([name]) => name),
  );
  assert.deepEqual(await readBackup(copy, temporaryHome(t), vault), opened.state);
});

test('who led with tables of an earlier version writes nothing once they are copied', { skip }, async (t) => {
  const [url, { vault }] = [await makeUrl(), storeOptions(temporaryHome(t))];
  const old = await PostgresDatabase.open(parsePostgresUrl(url));
  t.after(() => old.close());
  const first = Object.entries(MIGRATIONS).filter(([name]) => name < '0013');
  await migratePostgres(old.db, Object.fromEntries(first));
  await old.lead({ address: 'http://127.0.0.1:1', fingerprint: null }, 0, async () => {});
  await old.transaction(async () => {});
  const upgrading = () =>
    assert.rejects(
      old.transaction(async () => {}),
      /another control plane leads/,
    );
  const opened = await openPostgres(parsePostgresUrl(url), vault, { changed() {}, waiting() {}, upgrading });
  await opened.database.close();
  await opened.session.close();
});

test('what cannot be opened is refused with a sentence that has no password in it', { skip }, async (t) => {
  const server = await postgresServer();
  const { vault } = storeOptions(temporaryHome(t));
  const url = server.createDatabase();
  const events = { changed() {}, waiting() {} };
  const newer = server.createDatabase();
  await (await openOnPostgres(t, newer, storeOptions(temporaryHome(t)))).close();
  server.query(new URL(newer).pathname.slice(1), "insert into kysely_migration values ('9999-future', '2099')");
  for (const [wrong, says] of [
    [url.replace(/test_\d+/, 'absent'), /absent is not there/],
    ['postgres://evenkeel:hunter2@127.0.0.1:1/test', /cannot reach/],
    [newer, /newer version/],
  ] as const) {
    await assert.rejects(openPostgres(parsePostgresUrl(wrong), vault, events), (error) => {
      assert.ok(error instanceof StartError);
      assert.match(error.message, says);
      assert.doesNotMatch(error.message, /\n|hunter2/);
      return true;
    });
  }
});
