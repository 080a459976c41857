import assert from 'node:assert/strict';
import { chmodSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { type TestContext, test } from 'node:test';
import { temporaryHome } from '../../test/home.ts';
import { stateFile, storeOptions } from '../../test/stores.ts';
import { createFromDocument } from '../configuration/apply.ts';
import { ProblemError } from '../problem.ts';
import { StartError } from '../start-error.ts';
import type { Draft } from '../state/draft.ts';
import type { SqliteFile } from './sqlite.ts';
import type { SqliteDatabase } from './sqlite-database.ts';
import { Store } from './store.ts';

const WRITE = { action: 'test', actor: 'tester', requestId: 'r' };

const optionsFor = (home: string) => ({ file: stateFile(home), ...storeOptions(home) });

async function openStore(t: TestContext, home: string): Promise<Store> {
  const store = await Store.open(optionsFor(home));
  t.after(() => store.close().catch(() => {}));
  return store;
}

const sqliteOf = (store: Store): SqliteFile => (store.database as SqliteDatabase).file;

const create = (name: string) => (draft: Draft) => createFromDocument(draft, { name });

function isProblem(code: string): (error: unknown) => boolean {
  return (error) => error instanceof ProblemError && error.code === code;
}

test('nobody sees a state before it is on the disk', async (t) => {
  const home = temporaryHome(t);
  const store = await openStore(t, home);
  const seen: number[] = [];
  store.onCommit((state) => {
    const { generation } = sqliteOf(store).raw.prepare('select generation from state').get() as { generation: number };
    assert.equal(sqliteOf(store).raw.isTransaction, false);
    seen.push(generation);
    assert.equal(generation, state.generation);
  });
  const writing = store.write({ ...WRITE, run: create('a') });
  assert.equal(store.state.generation, 0);
  await writing;
  assert.deepEqual(seen, [1]);
});

test('nobody else may read the state, its log or a copy', async (t) => {
  const home = temporaryHome(t);
  const store = await openStore(t, home);
  await store.write({ ...WRITE, run: create('a') });
  const folder = dirname(stateFile(home));
  await store.copyTo(join(folder, 'copy.db'));
  const names = readdirSync(folder);
  assert.ok(names.includes('copy.db') && names.some((name) => name.endsWith('-wal')), names.join());
  for (const name of names) assert.equal(statSync(join(folder, name)).mode & 0o777, 0o600, name);
});

test('a state that others could read is private once it is opened', async (t) => {
  const home = temporaryHome(t);
  await (await openStore(t, home)).close();
  chmodSync(stateFile(home), 0o644);
  await openStore(t, home);
  assert.equal(statSync(stateFile(home)).mode & 0o777, 0o600);
});

test('a full disk refuses the write with its own problem, changes nothing, and heals', async (t) => {
  const store = await openStore(t, temporaryHome(t));
  await store.write({ ...WRITE, run: create('a') });
  const before = store.state;
  const pages = Number(sqliteOf(store).pragma('page_count'));
  sqliteOf(store).pragma(`max_page_count = ${pages}`);
  const large = (draft: Draft) =>
    createFromDocument(draft, {
      name: 'large',
      targetGroups: [
        { name: 'g', targets: Array.from({ length: 1_000 }, (_, i) => ({ address: '10.0.0.1', port: i + 1 })) },
      ],
    });
  await assert.rejects(store.write({ ...WRITE, run: large }), isProblem('storage-full'));
  assert.equal(store.state, before);

  sqliteOf(store).pragma('max_page_count = 1000000');
  await store.write({ ...WRITE, run: large });
  assert.equal(store.state.loadBalancers.size, 2);
});

test('a read waits for the batch under way only, and sees what is committed', async (t) => {
  const store = await openStore(t, temporaryHome(t));
  let reading: Promise<number> | undefined;
  let answered = false;
  let wanted = 200;
  let writes = 0;
  // Each write queues the next before it is stored, so that the queue is never empty.
  const write = (): Promise<unknown> =>
    store.write({
      ...WRITE,
      run: () => null,
      also: async (trx) => {
        const stored = await trx.selectFrom('operation').select('id').execute();
        assert.equal(stored.length, writes + 1);
        writes++;
        if (writes < wanted) next = write();
        reading ??= store
          .read((db) => db.selectFrom('operation').select('id').execute())
          .then((rows) => {
            answered = true;
            wanted = writes + 1;
            return rows.length;
          });
      },
    });
  let next = write();
  for (let waited: unknown; waited !== next; ) {
    waited = next;
    await next;
  }
  assert.ok(answered);
  assert.equal(await reading, 1);
  assert.ok(writes <= 3, `${writes} writes went first`);
});

const startErrors: readonly { name: string; prepare: (file: string) => void; says: RegExp }[] = [
  {
    name: 'a file that is no database',
    prepare: (file) => writeFileSync(file, 'not a database, but long enough to have a header '.repeat(100)),
    says: /damaged .*left as it is/,
  },
  {
    name: 'a damaged page',
    prepare: (file) => {
      const bytes = readFileSync(file);
      bytes.fill(0xa5, 4_096 * 3, 4_096 * 9);
      writeFileSync(file, bytes);
    },
    says: /damaged .*left as it is/,
  },
  {
    name: 'a reference to what is not there',
    prepare: (file) => {
      const db = new DatabaseSync(file, { enableForeignKeyConstraints: false });
      db.exec("update listener set backend_service_id = 'svc-none'");
      db.close();
    },
    says: /damaged .*svc-none/,
  },
  {
    name: 'the database of another program',
    prepare: (file) => {
      const db = new DatabaseSync(file);
      db.exec('pragma application_id = 77');
      db.close();
    },
    says: /another program/,
  },
  {
    name: 'tables of a newer version',
    prepare: (file) => {
      const db = new DatabaseSync(file);
      db.exec("insert into kysely_migration values ('9999-future', '2099-01-01T00:00:00.000Z')");
      db.close();
    },
    says: /newer version/,
  },
];

for (const { name, prepare, says } of startErrors) {
  test(`${name} is refused with a sentence, and left as it is`, async (t) => {
    const home = temporaryHome(t);
    const { file } = optionsFor(home);
    const store = await openStore(t, home);
    await store.write({
      ...WRITE,
      run: (draft) =>
        createFromDocument(draft, { name: 'a', listeners: [{ protocol: 'http', port: 80, service: {} }] }),
    });
    await store.close();
    prepare(file);
    const before = readFileSync(file);
    await assert.rejects(Store.open(optionsFor(home)), (error) => {
      assert.ok(error instanceof StartError);
      assert.match(error.message, says);
      assert.doesNotMatch(error.message, /\n/);
      return true;
    });
    assert.deepEqual(readFileSync(file), before);
  });
}

test('a second store on the same file is refused, and does no harm', async (t) => {
  const home = temporaryHome(t);
  const store = await openStore(t, home);
  await assert.rejects(Store.open(optionsFor(home)), /another control plane uses/);
  await store.write({ ...WRITE, run: create('a') });
  assert.equal(store.state.generation, 1);
});

test('a directory that cannot be made is refused with a sentence', async (t) => {
  const home = temporaryHome(t);
  mkdirSync(join(home, 'file'), { recursive: true });
  writeFileSync(join(home, 'file', 'state'), '');
  await assert.rejects(Store.open(optionsFor(join(home, 'file'))), (error) => {
    assert.ok(error instanceof StartError);
    assert.match(error.message, /writable|permissions/);
    return true;
  });
});
