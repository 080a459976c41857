import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { DEFAULT_TENANT } from '@evenkeel/model/access.ts';
import { REVISIONS } from '@evenkeel/model/limits.ts';
import type { Kysely } from 'kysely';
import { changeAtRandom, seeded } from '../../test/random-changes.ts';
import { STORES, type StoreKind, storeOptions } from '../../test/stores.ts';
import { createFromDocument } from '../configuration/apply.ts';
import { network } from '../resources/addresses.ts';
import { updateLoadBalancer } from '../resources/load-balancers.ts';
import { ORDER, placeImages, putBack } from '../revisions/put-back.ts';
import type { Vault } from '../secrets/vault.ts';
import type { Draft } from '../state/draft.ts';
import { objectsOf } from '../state/objects.ts';
import type { State } from '../state/state.ts';
import { type Image, Past, trimRevisions } from './journal.ts';
import { changeSettings } from './migrations/change-settings.ts';
import type { Database } from './schema.ts';
import type { Store } from './store.ts';

const WRITE = { action: 'test', actor: 'tester', requestId: 'r' };
const TENANT = DEFAULT_TENANT.id;

const POOLS = { vip: network('127.77.0.0/24'), elasticIp: network('127.88.0.0/24') };

/** What tests run with: a store of the kind, and what its secrets are sealed with. */
async function openStore(t: TestContext, kind: StoreKind): Promise<{ store: Store; vault: Vault }> {
  const place = await kind.make(t);
  const { vault } = storeOptions(place.home);
  return { store: await place.open(t, { pools: POOLS, vault }), vault };
}

/** All that is configured, without stamps and without keys that stay as they are. */
function plain(state: State): unknown {
  const kinds = ORDER.map((kind) =>
    Array.from(objectsOf(state, kind).values(), (record) => {
      return { ...record, generation: 0, createdAt: 0, updatedAt: 0, stickinessKeys: null };
    }),
  );
  return JSON.parse(JSON.stringify(kinds));
}

async function imagesAt(db: Kysely<Database>, tenantId: string, generation: number, vault: Vault) {
  const past = new Past(tenantId, generation);
  await past.readOn(db, vault);
  return past.images as ReadonlyMap<string, Image>;
}

test('a long past is read in steps, and read on from where it was', async (t) => {
  const { store, vault } = await openStore(t, STORES[0]!);
  const write = (generation: number, undo: string) =>
    store.record(async (trx) => {
      const row = {
        tenant_id: TENANT,
        at: 1,
        actor: 'a',
        action: 'b',
        request_id: '',
        operation_id: '',
        size: undo.length,
      };
      const shown = { summary: '{}', resources: '[]', changes: '[]' };
      await trx
        .insertInto('revision')
        .values({ generation, ...row, ...shown, undo })
        .execute();
    });
  for (let generation = 2; generation < 32; generation++) await write(generation, `[${' '.repeat(600_000)}]`);
  const past = new Past(TENANT, 1);
  let turns = 0;
  let ended = false;
  const turn = () => {
    turns++;
    if (!ended) setImmediate(turn);
  };
  setImmediate(turn);
  await store.read((db) => past.readOn(db, vault));
  ended = true;
  assert.ok(turns >= 10, `${turns} turns`);
  const parsed = t.mock.method(JSON, 'parse').mock;
  await write(32, JSON.stringify([{ table: 'load_balancer', id: 'x', row: null }]));
  await store.read((db) => past.readOn(db, vault));
  assert.equal(parsed.callCount(), 1, 'what was read is not read again');
  assert.deepEqual([...past.images], [['x', { kind: 'loadBalancer', record: null }]]);
});

for (const kind of STORES) {
  test(`${kind.name}: after any changes, the configuration can be made what it was after each revision`, {
    skip: kind.skip,
  }, async (t) => {
    for (const seed of [3, 4]) {
      const { store, vault } = await openStore(t, kind);
      const random = seeded(seed);
      const past = new Map<number, unknown>();
      for (let i = 0; i < 80; i++) {
        const { generation } = await store.write({ ...WRITE, run: (draft) => changeAtRandom(draft, random) });
        past.set(generation, plain(store.state));
      }
      for (const [generation, expected] of past) {
        const images = await store.read((db) => imagesAt(db, TENANT, generation, vault));
        const seen = store.preview(TENANT, (draft: Draft) => {
          placeImages(draft, images);
          return plain(draft.finish());
        });
        assert.deepEqual(seen, expected, `seed ${seed}, generation ${generation}`);
      }
      // For good, and back again: the database takes it, names and addresses that moved included.
      const generations = [...past.keys()];
      for (const generation of [generations[5]!, generations.at(-1)!, generations[generations.length >> 1]!]) {
        const images = await store.read((db) => imagesAt(db, TENANT, generation, vault));
        await store.write({ ...WRITE, run: (draft) => putBack(draft, images) });
        assert.deepEqual(plain(store.state), past.get(generation), `seed ${seed}, back to ${generation}`);
      }
    }
  });

  test(`${kind.name}: the oldest revisions go where there are too many of a tenant, too much of it, or of all`, {
    skip: kind.skip,
  }, async (t) => {
    const { store } = await openStore(t, kind);
    const lb = (await store.write({ ...WRITE, run: (draft) => createFromDocument(draft, { name: 'a' }) })).value;
    for (let i = 0; i < 5; i++) {
      const description = `${i}`.padEnd(250, 'x');
      await store.write({
        ...WRITE,
        run: (draft) => updateLoadBalancer(draft, draft.loadBalancers.get(lb.id)!.loadBalancer, { description }),
      });
    }
    const rows = () =>
      store.read((db) =>
        db.selectFrom('revision').select(['generation', 'size']).orderBy('generation', 'desc').execute(),
      );
    const trim = (kept: Partial<Record<keyof typeof REVISIONS, number>>) =>
      store.record((trx) => trimRevisions(trx, { ...REVISIONS, ...kept } as typeof REVISIONS));
    const all = await rows();
    assert.equal(all.length, 6);
    assert.ok(all.every(({ size }) => size > 200 && size < 4_000));
    await trim({ perTenant: 5 });
    assert.deepEqual(await rows(), all.slice(0, 5));
    const two = all[0]!.size + all[1]!.size;
    await trim({ charactersPerTenant: two + all[2]!.size });
    assert.deepEqual(await rows(), all.slice(0, 3));
    await trim({ characters: two });
    assert.deepEqual(await rows(), all.slice(0, 2));
  });

  test(`${kind.name}: settings that take another form do so in what revisions remember, too`, {
    skip: kind.skip,
  }, async (t) => {
    const { store, vault } = await openStore(t, kind);
    const lb = (await store.write({ ...WRITE, run: (draft) => createFromDocument(draft, { name: 'a' }) })).value;
    await store.write({
      ...WRITE,
      run: (draft) => updateLoadBalancer(draft, draft.loadBalancers.get(lb.id)!.loadBalancer, { description: 'x' }),
    });
    await store.record((trx) =>
      changeSettings(trx as never, 'load_balancer', (settings) => ({ ...settings, colour: 'blue' })),
    );
    const images = await store.read((db) => imagesAt(db, TENANT, 1, vault));
    const { record } = images.get(lb.id)!;
    assert.deepEqual([record!.name, (record as { colour?: string } | null)?.colour], ['a', 'blue']);
  });
}
