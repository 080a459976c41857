import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { DEFAULT_TENANT } from '@evenkeel/model/access.ts';
import { changeAtRandom, seeded } from '../../test/random-changes.ts';
import { STORES, storeOptions } from '../../test/stores.ts';
import { authorNamed } from '../audit/entry.ts';
import { network } from '../resources/addresses.ts';
import { Backups } from './backups.ts';
import { readBackup } from './contents.ts';
import { compareRestored } from './restore-test.ts';

const POOLS = { vip: network('127.77.0.0/24'), elasticIp: network('127.88.0.0/24') };

for (const kind of STORES) {
  test(`${kind.name}: a backup is made, is sound, and a restore brings everything back`, {
    skip: kind.skip,
  }, async (t) => {
    const place = await kind.make(t);
    const { vault } = storeOptions(place.home);
    const store = await place.open(t, { pools: POOLS, vault });
    const random = seeded(17);
    const change = async (count: number) => {
      for (let i = 0; i < count; i++) {
        await store.write({
          action: 'test',
          actor: 'tester',
          requestId: '',
          run: (draft) => changeAtRandom(draft, random),
        });
      }
    };
    const folder = join(place.home, 'backups');
    const backups = new Backups({ folder, store, vault, version: '1', now: Date.now, random: Math.random });
    await change(80);
    const names = () => [...store.state.loadBalancers.values()].map(({ loadBalancer }) => loadBalancer.name);
    const before = names();
    const { id } = await backups.make('');
    const { sound, detail, objects } = await backups.verify(id);
    assert.ok(sound, detail);
    assert.ok(objects > before.length);
    mkdirSync(join(place.home, 'scratch'));
    const restored = await readBackup(backups.fileOf(id), join(place.home, 'scratch'), vault);
    assert.equal(compareRestored(restored, [store.state]), objects);
    const [lb] = restored.loadBalancers.values();
    const other = { ...lb!, loadBalancer: { ...lb!.loadBalancer, description: 'another' } };
    const changed = { ...restored, loadBalancers: new Map(restored.loadBalancers).set(lb!.loadBalancer.id, other) };
    assert.throws(() => compareRestored(changed, [store.state]), /loadBalancer lb-\S+ is another one/);
    await change(80);
    assert.notDeepEqual(names(), before);
    const by = {
      actor: 'tester',
      author: authorNamed('tester'),
      requestId: '',
      check: () => {},
      tenantId: DEFAULT_TENANT.id,
    };
    const { replaced } = await backups.restore(id, false, by);
    assert.deepEqual(names(), before);
    assert.ok((await backups.verify(replaced!)).sound);
  });

  test(`${kind.name}: whoever leads next follows the same policy, whatever is in a file of its home`, {
    skip: kind.skip,
  }, async (t) => {
    const place = await kind.make(t);
    const { vault } = storeOptions(place.home);
    const open = async (folder: string) => {
      const store = await place.open(t, { pools: POOLS, vault });
      const backups = new Backups({ folder, store, vault, version: '1', now: Date.now, random: Math.random });
      await backups.begin(assert.ifError);
      return { store, backups };
    };
    const first = await open(join(place.home, 'first'));
    await first.backups.changePolicy({ intervalHours: 6, keep: 28, testIntervalHours: 0 });
    await first.store.close();
    const folder = join(place.home, 'second');
    mkdirSync(folder);
    writeFileSync(join(folder, 'policy.json'), JSON.stringify({ keep: 1 }));
    const { enabled, intervalHours, keep, testIntervalHours } = await (await open(folder)).backups.policy();
    assert.deepEqual([enabled, intervalHours, keep, testIntervalHours], [true, 6, 28, 0]);
  });
}
