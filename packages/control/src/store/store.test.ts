import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { type TestContext, test } from 'node:test';
import { DEFAULT_QUOTAS } from '@evenkeel/model/limits.ts';
import { temporaryHome } from '../../test/home.ts';
import { changeAtRandom, seeded } from '../../test/random-changes.ts';
import { createFromDocument } from '../configuration/apply.ts';
import { ProblemError } from '../problem.ts';
import { network } from '../resources/addresses.ts';
import { createElasticIp } from '../resources/elastic-ips.ts';
import { deleteLoadBalancer } from '../resources/load-balancers.ts';
import { Vault } from '../secrets/vault.ts';
import { StartError } from '../start-error.ts';
import type { Draft } from '../state/draft.ts';
import { KEPT, trimHistory } from './history.ts';
import { Store, type StoreOptions } from './store.ts';

const WRITE = { action: 'test', actor: 'tester', requestId: 'r' };

function optionsFor(home: string, more: Partial<StoreOptions> = {}): StoreOptions {
  return {
    file: join(home, 'state', 'evenkeel.db'),
    quotas: DEFAULT_QUOTAS,
    pools: { vip: network('127.77.0.0/29'), elasticIp: network('127.88.0.0/24') },
    now: Date.now,
    random: Math.random,
    secret: randomBytes,
    vault: new Vault(join(home, 'credentials', 'secrets.key')),
    ...more,
  };
}

async function openStore(t: TestContext, home: string, more: Partial<StoreOptions> = {}): Promise<Store> {
  const store = await Store.open(optionsFor(home, more));
  t.after(() => store.close().catch(() => {}));
  return store;
}

const create = (name: string) => (draft: Draft) => createFromDocument(draft, { name });

function isProblem(code: string): (error: unknown) => boolean {
  return (error) => error instanceof ProblemError && error.code === code;
}

test('what was written is there after a restart, exactly', async (t) => {
  const home = temporaryHome(t);
  const random = seeded(11);
  let store = await openStore(t, home, {
    pools: { vip: network('127.77.0.0/24'), elasticIp: network('127.88.0.0/24') },
  });
  for (let round = 0; round < 4; round++) {
    for (let i = 0; i < 60; i++) await store.write({ ...WRITE, run: (draft) => changeAtRandom(draft, random) });
    const before = store.state;
    await store.close();
    store = await openStore(t, home);
    assert.deepEqual(store.state, before);
  }
  assert.ok(store.state.loadBalancers.size > 0 && store.state.elasticIps.size > 0);
});

test('writes that wait share a transaction; each gets its own generation, in order', async (t) => {
  const transactions: number[] = [];
  const store = await openStore(t, temporaryHome(t), { committed: (_, writes) => transactions.push(writes) });
  const results = await Promise.all(
    Array.from({ length: 20 }, (_, i) =>
      store.write({ ...WRITE, run: (draft) => createElasticIp(draft, { name: `e${i}` }) }),
    ),
  );
  assert.deepEqual(
    results.map(({ generation }) => generation),
    Array.from({ length: 20 }, (_, i) => i + 1),
  );
  assert.deepEqual(transactions, [20]);
});

test('a refused write leaves nothing, and the others of its transaction go through', async (t) => {
  const store = await openStore(t, temporaryHome(t));
  const results = await Promise.allSettled([
    store.write({ ...WRITE, run: create('a') }),
    store.write({ ...WRITE, run: create('a') }),
    store.write({ ...WRITE, run: create('b') }),
  ]);
  assert.deepEqual(
    results.map(({ status }) => status),
    ['fulfilled', 'rejected', 'fulfilled'],
  );
  assert.equal(store.state.generation, 2);
  assert.deepEqual(
    [...store.state.loadBalancers.values()].map(({ loadBalancer }) => loadBalancer.name),
    ['a', 'b'],
  );
});

test('a write that changes nothing makes an operation, and no generation', async (t) => {
  const store = await openStore(t, temporaryHome(t));
  await store.write({ ...WRITE, run: create('a') });
  const before = store.state;
  const { generation, operation } = await store.write({ ...WRITE, run: () => null });
  assert.equal(generation, 1);
  assert.equal(operation.generation, 1);
  assert.equal(store.state, before);
});

test('nobody sees a state before it is on the disk', async (t) => {
  const home = temporaryHome(t);
  const store = await openStore(t, home);
  const seen: number[] = [];
  store.onCommit((state) => {
    const { generation } = store.sqlite.raw.prepare('select generation from state').get() as { generation: number };
    assert.equal(store.sqlite.raw.isTransaction, false);
    seen.push(generation);
    assert.equal(generation, state.generation);
  });
  const writing = store.write({ ...WRITE, run: create('a') });
  assert.equal(store.state.generation, 0);
  await writing;
  assert.deepEqual(seen, [1]);
});

test('a full disk refuses the write with its own problem, changes nothing, and heals', async (t) => {
  const store = await openStore(t, temporaryHome(t));
  await store.write({ ...WRITE, run: create('a') });
  const before = store.state;
  const pages = Number(store.sqlite.pragma('page_count'));
  store.sqlite.pragma(`max_page_count = ${pages}`);
  const large = (draft: Draft) =>
    createFromDocument(draft, {
      name: 'large',
      targetGroups: [
        { name: 'g', targets: Array.from({ length: 1_000 }, (_, i) => ({ address: '10.0.0.1', port: i + 1 })) },
      ],
    });
  await assert.rejects(store.write({ ...WRITE, run: large }), isProblem('storage-full'));
  assert.equal(store.state, before);

  store.sqlite.pragma('max_page_count = 1000000');
  await store.write({ ...WRITE, run: large });
  assert.equal(store.state.loadBalancers.size, 2);
});

test('what breaks a rule of the database is an internal problem, and leaves nothing', async (t) => {
  const store = await openStore(t, temporaryHome(t));
  await store.write({ ...WRITE, run: create('a') });
  // Past the rules: two load balancers with one VIP.
  const broken = (draft: Draft) => {
    const [tree] = [...draft.loadBalancers.values()];
    return draft.create('loadBalancer', { ...tree!.loadBalancer, id: draft.newId('loadBalancer'), name: 'b' });
  };
  await assert.rejects(store.write({ ...WRITE, run: broken }), isProblem('internal'));
  assert.equal(store.state.generation, 1);
  await store.write({ ...WRITE, run: create('c') });
  assert.equal(store.state.generation, 2);
});

test('a write that cannot be stored fails alone: the others of its transaction are answered, and last', async (t) => {
  const home = temporaryHome(t);
  const transactions: number[] = [];
  const store = await openStore(t, home, { committed: (_, writes) => transactions.push(writes) });
  const { value: first } = await store.write({ ...WRITE, run: create('first') });
  const results = await Promise.allSettled([
    store.write({ ...WRITE, run: create('a') }),
    // Past the rules: a second load balancer with one VIP.
    store.write({
      ...WRITE,
      run: (draft) => {
        const { loadBalancer } = draft.loadBalancers.get(first.id)!;
        return draft.create('loadBalancer', { ...loadBalancer, id: draft.newId('loadBalancer'), name: 'twin' });
      },
    }),
    store.write({ ...WRITE, run: create('b'), also: () => Promise.reject(new Error('thrown in the transaction')) }),
    // Collides with what is not written in the end.
    store.write({ ...WRITE, run: create('b') }),
    store.record(() => Promise.reject(new Error('thrown in the transaction'))),
    store.write({ ...WRITE, run: create('b') }),
  ]);
  assert.deepEqual(
    results.map((result) => (result.status === 'fulfilled' ? 'stored' : (result.reason as ProblemError).code)),
    ['stored', 'internal', 'internal', 'stored', 'internal', 'name-taken'],
  );
  assert.deepEqual(transactions, [1, 1, 1]);
  const before = store.state;
  assert.equal(before.generation, 3);
  await store.close();
  const { state } = await openStore(t, home);
  assert.deepEqual(state, before);
  assert.deepEqual(
    [...state.loadBalancers.values()].map(({ loadBalancer }) => loadBalancer.name),
    ['first', 'a', 'b'],
  );
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

test('more writes than the queue holds are refused', async (t) => {
  const store = await openStore(t, temporaryHome(t));
  const results = await Promise.allSettled(
    Array.from({ length: 1_010 }, () => store.write({ ...WRITE, run: () => null })),
  );
  const refused = results.filter((result) => result.status === 'rejected');
  assert.equal(refused.length, 10);
  assert.ok(refused.every(({ reason }) => isProblem('too-busy')(reason)));
});

test('closing carries out what waits, and refuses what comes after', async (t) => {
  const home = temporaryHome(t);
  const store = await openStore(t, home);
  const waiting = store.write({ ...WRITE, run: create('a') });
  const closed = store.close();
  await assert.rejects(store.write({ ...WRITE, run: create('b') }), isProblem('shutting-down'));
  await Promise.all([waiting, closed]);
  assert.equal((await openStore(t, home)).state.loadBalancers.size, 1);
});

test('an address that was given back is given out again only when the pool has been gone through', async (t) => {
  const home = temporaryHome(t);
  // Six usable addresses.
  let store = await openStore(t, home);
  const vips: string[] = [];
  for (let i = 0; i < 7; i++) {
    const { value } = await store.write({ ...WRITE, run: create(`lb-${i}`) });
    vips.push(value.vip);
    await store.write({ ...WRITE, run: (draft) => deleteLoadBalancer(draft, value) });
    await store.close();
    store = await openStore(t, home);
  }
  assert.deepEqual(
    vips,
    [1, 2, 3, 4, 5, 6, 1].map((last) => `127.77.0.${last}`),
  );
});

test('a pool without a free address says so', async (t) => {
  const store = await openStore(t, temporaryHome(t));
  for (let i = 0; i < 6; i++) await store.write({ ...WRITE, run: create(`lb-${i}`) });
  await assert.rejects(store.write({ ...WRITE, run: create('more') }), isProblem('addresses-exhausted'));
});

test('history is trimmed by age and number', async (t) => {
  let now = 1_000_000_000_000;
  const store = await openStore(t, temporaryHome(t), { now: () => now });
  await store.write({ ...WRITE, run: create('a') });
  await store.record(async (trx) => {
    await trx
      .insertInto('idempotency')
      .values({ actor: 'a', key: 'old', fingerprint: '', at: now, answer: '{}' })
      .execute();
    for (let i = 0; i < 3; i++) {
      const answer = 'x'.repeat(40);
      await trx
        .insertInto('idempotency')
        .values({ actor: 'a', key: `large-${i}`, fingerprint: '', at: now + 1 + i, answer })
        .execute();
    }
  });
  const count = async (table: 'operation' | 'audit' | 'idempotency') =>
    (await store.read((db) => db.selectFrom(table).selectAll().execute())).length;
  const small = { ...KEPT, idempotency: { ...KEPT.idempotency, characters: 100 } };
  await store.record((trx) => trimHistory(trx, now, small));
  assert.deepEqual([await count('operation'), await count('audit'), await count('idempotency')], [1, 1, 2]);
  now += KEPT.operations.milliseconds + 1;
  await store.record((trx) => trimHistory(trx, now));
  assert.deepEqual([await count('operation'), await count('audit'), await count('idempotency')], [0, 1, 0]);
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
