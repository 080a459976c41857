import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { appendFileSync, copyFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { type TestContext, test } from 'node:test';
import { pino } from 'pino';
import { temporaryHome } from '../../test/home.ts';
import { changeAtRandom, seeded } from '../../test/random-changes.ts';
import { openOnPostgres, POSTGRES_KIND, postgresServer, SQLITE_KIND, storeOptions } from '../../test/stores.ts';
import { takeOverSignatures } from '../access/signature-hand-over.ts';
import { Signatures } from '../access/signatures.ts';
import { network } from '../resources/addresses.ts';
import { Vault } from '../secrets/vault.ts';
import { StartError } from '../start-error.ts';
import { PostgresDatabase } from '../store/postgres/postgres-database.ts';
import { parsePostgresUrl } from '../store/postgres/settings.ts';
import { Backups } from './backups.ts';
import { restoreIntoPostgres } from './into-postgres.ts';
import { compareRestored } from './restore-test.ts';

const POOLS = { vip: network('127.77.0.0/24'), elasticIp: network('127.88.0.0/24') };

/** A backup of a state in SQLite with much in it. */
async function setUp(t: TestContext) {
  const { home, key, open } = await SQLITE_KIND.make(t);
  const vault = new Vault(key);
  const store = await open(t, { pools: POOLS, vault });
  const random = seeded(23);
  const run = (draft: Parameters<typeof changeAtRandom>[0]) => changeAtRandom(draft, random);
  for (let i = 0; i < 100; i++) await store.write({ action: 'test', actor: 'tester', requestId: '', run });
  const folder = join(home, 'backups');
  const backups = new Backups({ folder, store, vault, version: '1', now: Date.now, random: Math.random });
  await backups.changePolicy({ keep: 28 });
  const file = backups.fileOf((await backups.make('')).id);
  const url = (await postgresServer()).createDatabase();
  const into = (more: { readonly file?: string; readonly key?: string } = {}) => {
    const scratch = join(temporaryHome(t), 'scratch');
    mkdirSync(scratch);
    const given = { file, scratch, vault: more.key === undefined ? vault : new Vault(more.key), now: Date.now };
    return restoreIntoPostgres({ ...given, ...(more.file && { file: more.file }), database: parsePostgresUrl(url) });
  };
  const tables = async () =>
    (await postgresServer()).query(
      databaseOf(url),
      "select count(*) from information_schema.tables where table_schema = 'public'",
    );
  return { home, store, vault, file, url, into, tables };
}

const databaseOf = (url: string) => parsePostgresUrl(url).database;

/** Rejects with one sentence that says this. */
async function refused(restoring: Promise<unknown>, says: RegExp): Promise<void> {
  await assert.rejects(restoring, (error) => {
    assert.ok(error instanceof StartError, String(error));
    assert.match(error.message, says);
    return true;
  });
}

test('a backup fills an empty database of PostgreSQL, and what it was made of is there, secrets included', {
  skip: POSTGRES_KIND.skip,
  timeout: 120_000,
}, async (t) => {
  const { home, store, vault, url, into } = await setUp(t);
  const { objects, leftover } = await into();
  assert.equal(leftover, null);
  assert.ok(objects > 20, String(objects));
  const there = await openOnPostgres(t, url, storeOptions(home, { pools: POOLS, vault }));
  assert.equal(compareRestored(there.state, [store.state]), objects);
  const rows = (db: typeof store) =>
    db.read(async (reading) => {
      const counts = [];
      for (const table of ['audit_entry', 'revision', 'operation', 'backup_policy'] as const)
        counts.push((await reading.selectFrom(table).selectAll().execute()).length);
      return counts;
    });
  const [found, made] = [await rows(there), await rows(store)];
  assert.deepEqual(found, made);
  assert.ok(found.every((count) => count > 0));
  const bounds = await there.read((db) => db.selectFrom('signature_bound').selectAll().execute());
  assert.equal(bounds[0]?.name, '', 'what the original has taken is not known');
  // The first control plane starts here hours later; what the original has taken until then is not known either.
  await there.database.db.updateTable('signature_bound').set({ until: 1 }).execute();
  const later = Date.now();
  const signatures = new Signatures(
    () => there.state,
    Date.now,
    () => Promise.resolve(),
  );
  await takeOverSignatures(there.database, signatures, pino({ level: 'silent' }));
  const [bound] = await there.read((db) => db.selectFrom('signature_bound').selectAll().execute());
  assert.ok(bound!.until >= later);
  assert.deepEqual(await there.read((db) => db.selectFrom('signature_term').selectAll().execute()), []);
  // It goes on from there.
  const random = seeded(5);
  const { generation } = await there.write({
    ...{ action: 'test', actor: 'tester', requestId: '' },
    run: (draft) => changeAtRandom(draft, random),
  });
  assert.ok(generation >= store.state.generation);
  await refused(into(), /a control plane runs on|is not empty: it holds a state of Evenkeel/);
});

test('whole or not at all: what is not sound, or has another key, leaves the database empty', {
  skip: POSTGRES_KIND.skip,
  timeout: 120_000,
}, async (t) => {
  const { home, file, into, tables } = await setUp(t);
  const copyOf = (name: string, change: (path: string) => void, signed = true): string => {
    const path = join(home, `${name}.db`);
    copyFileSync(file, path);
    change(path);
    const about = JSON.parse(readFileSync(file.replace(/\.db$/, '.json'), 'utf8'));
    const sha256 = createHash('sha256').update(readFileSync(path)).digest('hex');
    writeFileSync(join(home, `${name}.json`), JSON.stringify(signed ? { ...about, sha256 } : about));
    return path;
  };
  const sql = (statement: string) => (path: string) => {
    const database = new DatabaseSync(path);
    database.exec(statement);
    database.close();
  };
  await refused(into({ file: copyOf('changed', (path) => appendFileSync(path, 'x'), false) }), /checksum/);
  await refused(into({ file: copyOf('torn', (path) => writeFileSync(path, 'x'.repeat(9_000))) }), /cannot be restored/);
  const newer = sql("insert into kysely_migration (name, timestamp) values ('9999-later', '2030-01-01')");
  await refused(into({ file: copyOf('newer', newer) }), /was made by a newer version of Evenkeel/);
  // PostgreSQL takes no such text: many rows are there by then, and go again.
  const unwritable = copyOf('unwritable', sql('update revision set action = char(0)'));
  await refused(into({ file: unwritable }), /cannot take what the backup holds \(.*\); nothing was changed/);
  const other = new Vault(join(home, 'other.key'));
  other.ensureKey();
  await refused(into({ key: join(home, 'other.key') }), /other\.key/);
  assert.equal((await tables()).trim(), '0');
  await into();
  assert.notEqual((await tables()).trim(), '0');
});

test('a database that is not empty is refused and stays as it is, also one of a newer version', {
  skip: POSTGRES_KIND.skip,
  timeout: 120_000,
}, async (t) => {
  const { url, into, tables } = await setUp(t);
  const server = await postgresServer();
  server.query(databaseOf(url), 'create table mine (id int)');
  await refused(into(), /is not empty: it has the table public\.mine/);
  server.query(databaseOf(url), 'create table kysely_migration (name text, timestamp text)');
  await refused(into(), /is not empty: it holds a state of Evenkeel/);
  server.query(databaseOf(url), "insert into kysely_migration values ('9999-later', '')");
  await refused(into(), /holds the state of a newer version of Evenkeel/);
  assert.equal((await tables()).trim(), '2');
});

test('what fails when all is there already is no failure', {
  skip: POSTGRES_KIND.skip,
  timeout: 120_000,
}, async (t) => {
  const { home, store, vault, url, into } = await setUp(t);
  const close = t.mock.method(PostgresDatabase.prototype, 'close', async function (this: PostgresDatabase) {
    close.mock.restore();
    await this.close();
    throw new Error('the disk is gone');
  });
  const { objects, leftover } = await into();
  assert.equal(leftover, 'the disk is gone');
  const there = await openOnPostgres(t, url, storeOptions(home, { pools: POOLS, vault }));
  assert.equal(compareRestored(there.state, [store.state]), objects);
});

test('what differs from the backup is said as that, and leaves the database empty', {
  skip: POSTGRES_KIND.skip,
  timeout: 120_000,
}, async (t) => {
  const { url, into, tables } = await setUp(t);
  // A database that changes what it is given, once all tables are there.
  (await postgresServer()).query(
    databaseOf(url),
    `create function other() returns trigger language plpgsql as
       $$ begin new.name := new.name || '-other'; return new; end $$;
     create function changing() returns event_trigger language plpgsql as
       $$ declare made record; begin
         for made in select * from pg_event_trigger_ddl_commands() where object_identity = 'public.revoked_identity' loop
           execute 'create trigger other before insert on load_balancer for each row execute function other()';
         end loop; end $$;
     create event trigger changing on ddl_command_end when tag in ('CREATE TABLE') execute function changing();`,
  );
  await refused(into(), /is not what the backup holds: loadBalancer lb-\w+ is another one.*; nothing was changed$/);
  assert.equal((await tables()).trim(), '0');
});
