import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DEFAULT_TENANT } from '@evenkeel/model/access.ts';
import { changeAtRandom, seeded } from '../../test/random-changes.ts';
import { STORES } from '../../test/stores.ts';
import { authorNamed } from '../audit/entry.ts';
import { createFromDocument } from '../configuration/apply.ts';
import { ProblemError } from '../problem.ts';
import { network } from '../resources/addresses.ts';
import { createElasticIp } from '../resources/elastic-ips.ts';
import { deleteLoadBalancer } from '../resources/load-balancers.ts';
import type { Draft } from '../state/draft.ts';
import { KEPT, trimHistory } from './history.ts';
import type { Store } from './store.ts';

const WRITE = { action: 'test', actor: 'tester', requestId: 'r' };

const create = (name: string) => (draft: Draft) => createFromDocument(draft, { name });

function isProblem(code: string): (error: unknown) => boolean {
  return (error) => error instanceof ProblemError && error.code === code;
}

for (const kind of STORES) {
  test(`${kind.name}: what was written is there after a restart, exactly`, { skip: kind.skip }, async (t) => {
    const place = await kind.make(t);
    const random = seeded(11);
    let store = await place.open(t, {
      pools: { vip: network('127.77.0.0/24'), elasticIp: network('127.88.0.0/24') },
    });
    for (let round = 0; round < 4; round++) {
      for (let i = 0; i < 60; i++) await store.write({ ...WRITE, run: (draft) => changeAtRandom(draft, random) });
      const before = store.state;
      await store.close();
      store = await place.open(t);
      assert.deepEqual(store.state, before);
    }
    assert.ok(store.state.loadBalancers.size > 0 && store.state.elasticIps.size > 0);
  });

  test(`${kind.name}: so is what writes of one transaction have done to the same objects`, {
    skip: kind.skip,
  }, async (t) => {
    const place = await kind.make(t);
    const random = seeded(12);
    let store = await place.open(t, {
      pools: { vip: network('127.77.0.0/24'), elasticIp: network('127.88.0.0/24') },
    });
    for (let round = 0; round < 3; round++) {
      const writes = Array.from({ length: 60 }, () =>
        store.write({ ...WRITE, run: (draft) => changeAtRandom(draft, random) }),
      );
      const stored = (await Promise.allSettled(writes)).filter(({ status }) => status === 'fulfilled');
      assert.ok(stored.length > 30);
      const before = store.state;
      await store.close();
      store = await place.open(t);
      assert.deepEqual(store.state, before);
    }
  });

  test(`${kind.name}: the audit log is in the order in which it was written, also when the clock is set back`, {
    skip: kind.skip,
  }, async (t) => {
    const place = await kind.make(t);
    const entry = {
      ...{ at: 0, tenantId: DEFAULT_TENANT.id, author: authorNamed('a'), action: 'test', outcome: 'denied' as const },
      ...{ code: null, detail: '', requestId: 'r', operationId: null, generation: 0, resource: null, change: null },
      ...{ before: null, after: null, omitted: 0 },
    };
    const idsOf = async (store: Store) => {
      const rows = await store.read((db) => db.selectFrom('audit_entry').select('id').orderBy('place').execute());
      return rows.map(({ id }) => id);
    };
    let store = await place.open(t, { now: () => 1_700_000_000_000 });
    // More than share a transaction.
    const writes = Array.from({ length: 70 }, (_, i) =>
      store.write({ ...WRITE, run: (draft) => createElasticIp(draft, { name: `e${i}` }) }),
    );
    await Promise.all([...writes, store.recordAudit([entry])]);
    const before = await idsOf(store);
    assert.deepEqual(before, before.toSorted());
    await store.close();
    store = await place.open(t, { now: () => 1_600_000_000_000 });
    await store.recordAudit([entry]);
    await store.write({ ...WRITE, run: (draft) => createElasticIp(draft, { name: 'later' }) });
    const after = await idsOf(store);
    assert.deepEqual([after.length, after], [before.length + 2, after.toSorted()]);
  });

  test(`${kind.name}: writes that wait share a transaction; each gets its own generation, in order`, {
    skip: kind.skip,
  }, async (t) => {
    const transactions: number[] = [];
    const store = await (await kind.make(t)).open(t, { committed: (_, writes) => transactions.push(writes) });
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

  test(`${kind.name}: a refused write leaves nothing, and the others of its transaction go through`, {
    skip: kind.skip,
  }, async (t) => {
    const store = await (await kind.make(t)).open(t);
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

  test(`${kind.name}: a write that changes nothing makes an operation, and no generation`, {
    skip: kind.skip,
  }, async (t) => {
    const store = await (await kind.make(t)).open(t);
    await store.write({ ...WRITE, run: create('a') });
    const before = store.state;
    const { generation, operation } = await store.write({ ...WRITE, run: () => null });
    assert.equal(generation, 1);
    assert.equal(operation.generation, 1);
    assert.equal(store.state, before);
  });

  test(`${kind.name}: what breaks a rule of the database is an internal problem, and leaves nothing`, {
    skip: kind.skip,
  }, async (t) => {
    const store = await (await kind.make(t)).open(t);
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

  test(`${kind.name}: a write that cannot be stored fails alone: the others of its transaction are answered, and last`, {
    skip: kind.skip,
  }, async (t) => {
    const place = await kind.make(t);
    const transactions: number[] = [];
    const store = await place.open(t, { committed: (_, writes) => transactions.push(writes) });
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
    const { state } = await place.open(t);
    assert.deepEqual(state, before);
    assert.deepEqual(
      [...state.loadBalancers.values()].map(({ loadBalancer }) => loadBalancer.name),
      ['first', 'a', 'b'],
    );
  });

  test(`${kind.name}: more writes than the queue holds are refused`, { skip: kind.skip }, async (t) => {
    const store = await (await kind.make(t)).open(t);
    const results = await Promise.allSettled(
      Array.from({ length: 1_010 }, () => store.write({ ...WRITE, run: () => null })),
    );
    const refused = results.filter((result) => result.status === 'rejected');
    assert.equal(refused.length, 10);
    assert.ok(refused.every(({ reason }) => isProblem('too-busy')(reason)));
  });

  test(`${kind.name}: closing carries out what waits, and refuses what comes after`, { skip: kind.skip }, async (t) => {
    const place = await kind.make(t);
    const store = await place.open(t);
    const waiting = store.write({ ...WRITE, run: create('a') });
    const closed = store.close();
    await assert.rejects(store.write({ ...WRITE, run: create('b') }), isProblem('shutting-down'));
    await Promise.all([waiting, closed]);
    assert.equal((await place.open(t)).state.loadBalancers.size, 1);
  });

  test(`${kind.name}: an address that was given back is given out again only when the pool has been gone through`, {
    skip: kind.skip,
  }, async (t) => {
    const place = await kind.make(t);
    // Six usable addresses.
    let store = await place.open(t);
    const vips: string[] = [];
    for (let i = 0; i < 7; i++) {
      const { value } = await store.write({ ...WRITE, run: create(`lb-${i}`) });
      vips.push(value.vip);
      await store.write({ ...WRITE, run: (draft) => deleteLoadBalancer(draft, value) });
      await store.close();
      store = await place.open(t);
    }
    assert.deepEqual(
      vips,
      [1, 2, 3, 4, 5, 6, 1].map((last) => `127.77.0.${last}`),
    );
  });

  test(`${kind.name}: a pool without a free address says so`, { skip: kind.skip }, async (t) => {
    const store = await (await kind.make(t)).open(t);
    for (let i = 0; i < 6; i++) await store.write({ ...WRITE, run: create(`lb-${i}`) });
    await assert.rejects(store.write({ ...WRITE, run: create('more') }), isProblem('addresses-exhausted'));
  });

  test(`${kind.name}: history is trimmed by age and number`, { skip: kind.skip }, async (t) => {
    let now = 1_000_000_000_000;
    const store = await (await kind.make(t)).open(t, { now: () => now });
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
    const count = async (table: 'operation' | 'audit_entry' | 'idempotency') =>
      (await store.read((db) => db.selectFrom(table).selectAll().execute())).length;
    const small = { ...KEPT, idempotency: { ...KEPT.idempotency, characters: 100 } };
    await store.record((trx) => trimHistory(trx, now, small));
    assert.deepEqual([await count('operation'), await count('audit_entry'), await count('idempotency')], [1, 1, 2]);
    now += KEPT.operations.milliseconds + 1;
    await store.record((trx) => trimHistory(trx, now));
    assert.deepEqual([await count('operation'), await count('audit_entry'), await count('idempotency')], [0, 1, 0]);
  });
}
