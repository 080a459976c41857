import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { Kysely, SqliteDialect } from 'kysely';
import { temporaryHome } from '../../test/home.ts';
import { stateFile, storeOptions } from '../../test/stores.ts';
import { Secret } from '../secrets/secret.ts';
import { Vault } from '../secrets/vault.ts';
import { StartError } from '../start-error.ts';
import { MIGRATIONS, migrateSqlite } from './migrate.ts';
import { copyBeforeUpgrade } from './open.ts';
import type { Database } from './schema.ts';
import { APPLICATION_ID, SqliteFile } from './sqlite.ts';
import { Store } from './store.ts';

test('tables of an earlier version are copied before they are brought up to date, and others are not', async (t) => {
  const home = temporaryHome(t);
  const file = stateFile(home);
  const copy = copyBeforeUpgrade(file);
  const names = Object.keys(MIGRATIONS);
  const earlier = names.slice(0, -1);
  mkdirSync(dirname(file), { recursive: true });
  const old = new SqliteFile(file);
  old.pragma(`application_id = ${APPLICATION_ID}`);
  const db = new Kysely<Database>({ dialect: new SqliteDialect({ database: old }) });
  await migrateSqlite(db, Object.fromEntries(earlier.map((name) => [name, MIGRATIONS[name]!])));
  old.close();
  const migrationsOf = (path: string) => {
    const sqlite = new SqliteFile(path);
    const rows = sqlite.raw.prepare('select name from kysely_migration order by name').all();
    sqlite.close();
    return rows.map(({ name }) => String(name));
  };
  const open = async () => (await Store.open({ file, ...storeOptions(home) })).close();
  await open();
  assert.deepEqual([migrationsOf(copy), migrationsOf(file)], [earlier, names]);
  const { mtimeMs } = statSync(copy);
  await open();
  assert.equal(statSync(copy).mtimeMs, mtimeMs, 'one that is up to date is not copied');

  const fresh = temporaryHome(t);
  await (await Store.open({ file: stateFile(fresh), ...storeOptions(fresh) })).close();
  assert.equal(existsSync(copyBeforeUpgrade(stateFile(fresh))), false);
});

test('a state file that has lost what it held is not taken for a new one', async (t) => {
  const home = temporaryHome(t);
  const file = stateFile(home);
  await (await Store.open({ file, ...storeOptions(home) })).close();
  assert.deepEqual(readdirSync(dirname(file)), ['evenkeel.db'], 'nothing is left of making it');
  writeFileSync(file, '');
  await assert.rejects(
    Store.open({ file, ...storeOptions(home) }),
    (error) =>
      error instanceof StartError && /evenkeel\.db is damaged \(it is empty\); it was left/.test(error.message),
  );
  assert.equal(statSync(file).size, 0);
});

for (const [what, left] of [
  ['emptied', { '': '', '-wal': '', '-shm': 'x' }],
  ['of a first start that was interrupted', { '': '', '-journal': 'x'.repeat(1024) }],
  ['gone, with what belongs to it left', { '-wal': 'changes' }],
] as const) {
  test(`a state file that is ${what}: once what the refusal names is moved away, a start begins anew`, async (t) => {
    const home = temporaryHome(t);
    const file = stateFile(home);
    mkdirSync(dirname(file), { recursive: true });
    for (const [ending, text] of Object.entries(left)) writeFileSync(`${file}${ending}`, text);
    const refusal = await Store.open({ file, ...storeOptions(home) }).then(
      () => '',
      ({ message }: Error) => message,
    );
    const [, named] = /, or move (\S+) away to begin anew$/.exec(refusal)!;
    execFileSync('/bin/sh', ['-c', `mkdir away && mv ${named} away`], { cwd: home });
    await (await Store.open({ file, ...storeOptions(home) })).close();
    assert.equal(readdirSync(join(home, 'away')).length, Object.keys(left).length);
    assert.deepEqual(readdirSync(dirname(file)), ['evenkeel.db']);
  });
}

test('a key that is lost is asked for, not made anew, also where nothing of the state itself is sealed', async (t) => {
  const home = temporaryHome(t);
  const file = stateFile(home);
  const key = join(home, 'credentials', 'secrets.key');
  await (await Store.open({ file, ...storeOptions(home) })).close();
  const sqlite = new SqliteFile(file);
  const secret = new Vault(key).seal('zone/a/k', new Secret('hush'));
  sqlite.raw.prepare('insert into zone_key (zone, id, secret, made_at) values (?, ?, ?, ?)').run('a', 'k', secret, 1);
  sqlite.close();
  rmSync(key);
  await assert.rejects(
    Store.open({ file, ...storeOptions(home) }),
    (error) => error instanceof StartError && /secrets\.key is missing that/.test(error.message),
  );
  assert.equal(existsSync(key), false);
});

test('a new state file does not take over what was written to an earlier one', async (t) => {
  const home = temporaryHome(t);
  const file = stateFile(home);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(`${file}-wal`, 'changes');
  await assert.rejects(
    Store.open({ file, ...storeOptions(home) }),
    (error) =>
      error instanceof StartError && /evenkeel\.db is gone and .*evenkeel\.db-wal, .* is still/.test(error.message),
  );
  assert.deepEqual(readdirSync(dirname(file)), ['evenkeel.db-wal']);
  rmSync(`${file}-wal`);
  await (await Store.open({ file, ...storeOptions(home) })).close();
});
