import assert from 'node:assert/strict';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { BLOCK_LIST } from '@evenkeel/model/limits.ts';
import { Kysely, SqliteDialect } from 'kysely';
import { temporaryHome } from '../../test/home.ts';
import { migrateSqlite } from '../store/migrate.ts';
import type { Database } from '../store/schema.ts';
import { SqliteFile } from '../store/sqlite.ts';
import { BlockLists, type BlockListsOptions } from './block-lists.ts';

async function tables(t: TestContext): Promise<Kysely<Database>> {
  const file = new SqliteFile(join(temporaryHome(t), 'evenkeel.db'));
  t.after(() => file.close());
  const db = new Kysely<Database>({ dialect: new SqliteDialect({ database: file }) });
  await migrateSqlite(db);
  return db;
}

function listsOn(db: Kysely<Database>, more: Partial<BlockListsOptions> = {}): BlockLists {
  return new BlockLists({
    store: { read: (work) => work(db), record: (work) => db.transaction().execute(work) },
    now: () => 1_700_000_000_000,
    random: Math.random,
    failed: (error) => assert.fail(String(error)),
    ...more,
  });
}

const sources = (count: number) =>
  Array.from({ length: count }, (_, i) => ({ source: `10.${i >> 16}.${(i >> 8) & 255}.${i & 255}`, seconds: null }));

test('a change is made, though what it leaves behind on disk cannot be removed', async (t) => {
  const db = await tables(t);
  const failures: unknown[] = [];
  let fails = true;
  const lists = listsOn(db, {
    store: {
      read: (work) => work(db),
      record: (work) =>
        db.transaction().execute(async (trx) => {
          await work(trx);
          const { rows } = await trx
            .selectFrom('block_list_change')
            .select(({ fn }) => fn.countAll<number>().as('rows'))
            .executeTakeFirstOrThrow();
          // Only what writes them anew makes them fewer.
          if (fails && rows < writes) throw new Error('the disk is full');
        }),
    },
    failed: (error) => failures.push(error),
  });
  let writes = 0;
  const entries = sources(20_000);
  for (; failures.length === 0 && writes < 20; ) {
    writes++;
    assert.equal(await lists.block('a', entries, BLOCK_LIST.entries), 20_000);
  }
  assert.match(String(failures[0]), /the disk is full/);
  writes++;
  await lists.block('a', entries, BLOCK_LIST.entries);
  assert.equal(failures.length, 1, 'it is not tried with each change');
  const { position } = lists;
  const again = listsOn(db);
  await again.load();
  assert.deepEqual([again.size('a').entries, again.position], [20_000, position]);
  fails = false;
  for (let i = 0; i < 4; i++) await lists.block('a', entries, BLOCK_LIST.entries);
  await again.load();
  assert.deepEqual([again.size('a').entries, again.position], [20_000, lists.position]);
  const rows = await db.selectFrom('block_list_change').select('version').execute();
  assert.ok(rows.length < writes, 'it is tried again');
});

test('lists are read in steps, between which others have the thread', async (t) => {
  const db = await tables(t);
  const lists = listsOn(db);
  const entries = sources(20_000);
  for (let i = 0; i < 3; i++) await lists.block('a', entries, BLOCK_LIST.entries);
  let turns = 0;
  let ended = false;
  const turn = () => {
    turns++;
    if (!ended) setImmediate(turn);
  };
  setImmediate(turn);
  const again = listsOn(db);
  await again.load();
  ended = true;
  assert.ok(turns >= 3, `${turns} turns`);
  assert.deepEqual([again.size('a'), again.position], [lists.size('a'), lists.position]);
});
