import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { MOST_CERTIFICATES } from '@evenkeel/model/plan/membership.ts';
import type { ControlPlaneRow } from '../store/schema.ts';
import { ControlPlanes, KEPT, planeKey } from './control-planes.ts';

const MINUTE = 60_000;

/** The rows that control planes share, and their clock. */
class Shared {
  now = 1_000 * MINUTE;
  isAway = false;
  refusesRemovals = false;
  writes = 0;
  readonly rows = new Map<string, ControlPlaneRow>();

  readonly table = {
    read: async () => {
      if (this.isAway) throw new Error('the database is away');
      return [...this.rows.values()];
    },
    write: async (row: ControlPlaneRow) => {
      if (this.isAway) throw new Error('the database is away');
      this.writes++;
      this.rows.set(planeKey(row), row);
    },
    removeOthersAt: async (own: { address: string; fingerprint: string }) => {
      if (this.refusesRemovals) throw new Error('the database is away');
      for (const [key, { address, fingerprint }] of this.rows)
        if (address === own.address && fingerprint !== own.fingerprint) this.rows.delete(key);
    },
    removeBefore: async (time: number) => {
      for (const [key, { seen_at }] of this.rows) if (seen_at < time) this.rows.delete(key);
    },
  };

  plane(t: TestContext, name: string, leads = false) {
    const own = {
      address: `https://${name}`,
      fingerprint: name as string | null,
      nextFingerprint: null as string | null,
    };
    const told: string[] = [];
    const faults: unknown[] = [];
    const planes: ControlPlanes = new ControlPlanes({
      table: this.table,
      own: () => own,
      software: '1',
      leads: () => leads,
      changed: () => told.push(planes.fingerprints().join(' ')),
      failed: (error) => faults.push(error),
      now: () => this.now,
    });
    t.after(() => planes.end());
    return { planes, own, told, faults };
  }
}

test('each says what it is known by, knows the others, and tells its nodes what is news, once', async (t) => {
  const shared = new Shared();
  const a = shared.plane(t, 'a', true);
  const b = shared.plane(t, 'b');
  await a.planes.look();
  await b.planes.look();
  await a.planes.look();
  await a.planes.look();
  assert.deepEqual(a.told, ['a', 'a b']);
  assert.deepEqual(b.told, ['b a'], 'its own is the first');
  assert.deepEqual(
    b.planes.list().map(({ address, isOwn }) => [address, isOwn]),
    [
      ['https://a', false],
      ['https://b', true],
    ],
  );
  assert.equal(shared.writes, 2, 'what is known is not written again');
  shared.now += MINUTE;
  await b.planes.look();
  await a.planes.look();
  assert.equal(shared.writes, 4, 'but now and then');
  assert.equal(a.told.length, 2, 'which is no news for nodes, whoever was seen last');
});

test('a certificate is told before it is shown, and the one before is not trusted any more then', async (t) => {
  const shared = new Shared();
  const [a, b] = [shared.plane(t, 'a', true), shared.plane(t, 'b')];
  await a.planes.look();
  await b.planes.look();
  b.own.nextFingerprint = 'b2';
  await b.planes.look();
  await a.planes.look();
  assert.deepEqual(a.planes.fingerprints(), ['a', 'b', 'b2']);
  assert.deepEqual(b.told.at(-1), 'b a b2');
  Object.assign(b.own, { fingerprint: 'b2', nextFingerprint: null });
  await b.planes.look();
  await a.planes.look();
  assert.deepEqual(a.planes.fingerprints(), ['a', 'b2']);
  assert.equal(shared.rows.size, 2);
});

test('a certificate that was replaced while its control plane was stopped is trusted no more once that is back', async (t) => {
  const shared = new Shared();
  const [a, leaked] = [shared.plane(t, 'a', true), shared.plane(t, 'b')];
  await leaked.planes.look();
  await a.planes.look();
  assert.deepEqual(a.planes.fingerprints(), ['a', 'b']);
  await leaked.planes.end();
  const back = shared.plane(t, 'b');
  back.own.fingerprint = 'b2';
  shared.refusesRemovals = true;
  await back.planes.look();
  assert.equal(shared.rows.size, 3);
  shared.refusesRemovals = false;
  await back.planes.look();
  await a.planes.look();
  assert.deepEqual(
    [back.planes.fingerprints(), a.planes.fingerprints()],
    [
      ['b2', 'a'],
      ['a', 'b2'],
    ],
  );
  assert.equal(a.told.at(-1), 'a b2', 'which nodes are told');
});

test('one that was not seen for seven days is trusted no more, and the leader removes it', async (t) => {
  const shared = new Shared();
  const [a, b, gone] = [shared.plane(t, 'a', true), shared.plane(t, 'b'), shared.plane(t, 'gone')];
  for (const { planes } of [gone, a, b]) await planes.look();
  shared.now += KEPT;
  for (const { planes } of [a, b, a]) await planes.look();
  assert.deepEqual(a.planes.fingerprints(), ['a', 'b', 'gone']);
  shared.now += 1;
  await b.planes.look();
  assert.deepEqual(b.planes.fingerprints(), ['b', 'a']);
  assert.equal(shared.rows.size, 3);
  shared.now += MINUTE;
  await a.planes.look();
  assert.deepEqual([...shared.rows.values()].map(({ fingerprint }) => fingerprint).sort(), ['a', 'b']);
  assert.equal(a.told.at(-1), 'a b');
});

test('a database that is away takes nothing away: what was known stays known, and is complained of once', async (t) => {
  const shared = new Shared();
  const [a, b] = [shared.plane(t, 'a', true), shared.plane(t, 'b')];
  await b.planes.look();
  await a.planes.look();
  shared.isAway = true;
  for (let i = 0; i < 3; i++) await a.planes.look();
  assert.equal(a.faults.length, 1);
  assert.deepEqual(a.planes.fingerprints(), ['a', 'b']);
  shared.isAway = false;
  b.own.fingerprint = 'b2';
  await b.planes.look();
  await a.planes.look();
  assert.deepEqual(a.planes.fingerprints(), ['a', 'b2']);
});

test('there are no more than nodes keep: its own, and those that were seen last', async (t) => {
  const shared = new Shared();
  const a = shared.plane(t, 'a', true);
  for (let i = 0; i < 2 * MOST_CERTIFICATES; i++) {
    shared.now += 1;
    await shared.plane(t, `x${i}`).planes.look();
  }
  await a.planes.look();
  const known = a.planes.fingerprints();
  assert.equal(known.length, MOST_CERTIFICATES);
  assert.deepEqual([known[0], known.includes('x63'), known.includes('x0')], ['a', true, false]);
});

test('without TLS there is nothing to know it by, and alone it knows itself', async () => {
  const told: number[] = [];
  const own = { address: 'http://a', fingerprint: null as string | null, nextFingerprint: null };
  const alone: ControlPlanes = new ControlPlanes({
    table: null,
    own: () => own,
    software: '1',
    leads: () => true,
    changed: () => told.push(alone.fingerprints().length),
    failed: (error) => assert.fail(String(error)),
    now: () => 0,
  });
  await alone.look();
  assert.deepEqual([alone.fingerprints(), told], [[], []]);
  own.fingerprint = 'a';
  await alone.look();
  assert.deepEqual([alone.fingerprints(), told], [['a'], [1]]);
});
