import assert from 'node:assert/strict';
import { existsSync, mkdirSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { test } from 'node:test';
import { Kysely, SqliteDialect } from 'kysely';
import { temporaryHome } from '../../test/home.ts';
import { stateFile, storeOptions } from '../../test/stores.ts';
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
