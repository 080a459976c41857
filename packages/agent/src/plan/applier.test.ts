import assert from 'node:assert/strict';
import { test } from 'node:test';
import { planOf } from '@evenkeel/model/plan/delta.ts';
import { planEntry } from '@evenkeel/model/plan/hash.ts';
import { FakeEngine } from '../../test/fake-engine.ts';
import { recordingLog } from '../../test/log.ts';
import { plannedGroup, plannedListener, plannedService } from '../../test/planned.ts';
import { settle, VirtualClock } from '../../test/virtual-clock.ts';
import { type Applied, Applier } from './applier.ts';
import { Resolver } from './resolver.ts';

const health = {
  setService: () => undefined,
  removeService: () => undefined,
  setAuthority: () => undefined,
  isEligible: () => true,
};

function world() {
  const clock = new VirtualClock();
  const engine = new FakeEngine();
  const { log, lines } = recordingLog();
  const applied: Applied[] = [];
  const resolver = new Resolver(health);
  const applier = new Applier({ engine, resolver, clock, log, onApplied: (value) => applied.push(value) });
  return { clock, engine, applier, applied, lines };
}

function plan(version: number, port = 80) {
  return planOf(version, [
    planEntry('listener', plannedListener({ port })),
    planEntry('service', plannedService()),
    planEntry('group', plannedGroup()),
  ]);
}

test('tells of a plan only once the engine runs it', async () => {
  const { engine, applier, applied } = world();
  const release = engine.hold();
  applier.setPlan(plan(1));
  await settle();
  assert.deepEqual(applied, []);
  release();
  await applier.settled();
  assert.deepEqual(applied, [{ version: 1, refused: [] }]);
  assert.equal(engine.listeners.get('lsn-1')?.port, 80);
});

test('plans and health that come while a change is applied are one change afterwards', async () => {
  const { engine, applier, applied } = world();
  const release = engine.hold();
  applier.setPlan(plan(1));
  for (let version = 2; version <= 20; version++) applier.setPlan(plan(version, 80 + version));
  applier.touchService('svc-1');
  release();
  await applier.settled();
  assert.equal(engine.changes.length, 2);
  assert.deepEqual(
    applied.map((value) => value.version),
    [1, 20],
  );
  assert.equal(engine.listeners.get('lsn-1')?.port, 100);
});

test('a new version with equal entries is told without troubling the engine', async () => {
  const { engine, applier, applied } = world();
  applier.setPlan(plan(1));
  await applier.settled();
  applier.setPlan(plan(2));
  await applier.settled();
  assert.equal(engine.changes.length, 1);
  assert.deepEqual(
    applied.map((value) => value.version),
    [1, 2],
  );
});

test('listeners that were refused beforehand are told of with those of the engine, and not tried again', async () => {
  const { clock, engine, applier, applied } = world();
  const beforehand = [{ listenerId: 'lsn-9', code: 'failed', detail: 'why' }];
  applier.setPlan(plan(1), beforehand);
  await applier.settled();
  applier.setPlan(plan(2), beforehand);
  await applier.settled();
  await clock.advanceAsync(60_000);
  await applier.settled();
  applier.setPlan(plan(3));
  await applier.settled();
  assert.deepEqual(applied, [
    { version: 1, refused: beforehand },
    { version: 2, refused: beforehand },
    { version: 3, refused: [] },
  ]);
  assert.equal(engine.changes.length, 1);
});

test('a change of health is applied and not told as a plan', async () => {
  const { engine, applier, applied } = world();
  applier.setPlan(plan(1));
  await applier.settled();
  applier.touchService('svc-1');
  await applier.settled();
  assert.equal(engine.changes.length, 2);
  assert.equal(applied.length, 1);
});

test('a refused listener is told, tried again ever more seldom, and told again when it runs', async () => {
  const { clock, engine, applier, applied } = world();
  const refusal = { listenerId: 'lsn-1', code: 'address-in-use', detail: '127.0.0.1:80' };
  engine.refuse.set('lsn-1', refusal);
  applier.setPlan(plan(1));
  await applier.settled();
  assert.deepEqual(applied, [{ version: 1, refused: [refusal] }]);
  await clock.advanceAsync(8_000);
  assert.equal(engine.changes.length, 4, 'after 1, 3 and 7 seconds');
  await clock.advanceAsync(120_000);
  const tried = engine.changes.length;
  await clock.advanceAsync(60_000);
  assert.equal(engine.changes.length, tried + 2, 'at last every 30 seconds');
  assert.equal(applied.length, 1, 'the same news is not told twice');
  engine.refuse.clear();
  await clock.advanceAsync(30_000);
  assert.deepEqual(applied.at(-1), { version: 1, refused: [] });
  const changes = engine.changes.length;
  await clock.advanceAsync(60_000);
  assert.equal(engine.changes.length, changes);
});

test('a refused listener is tried at once when somebody asks for it, and what was not refused is left alone', async () => {
  const { engine, applier, applied } = world();
  engine.refuse.set('lsn-1', { listenerId: 'lsn-1', code: 'address-in-use', detail: '127.0.0.1:80' });
  applier.setPlan(plan(1));
  await applier.settled();
  assert.deepEqual(await applier.retry(['lsn-2']), { version: 1 });
  assert.equal(engine.changes.length, 1);
  await applier.retry(['lsn-1']);
  assert.equal(engine.changes.length, 2, 'and is refused again');
  engine.refuse.clear();
  assert.deepEqual(await applier.retry(['lsn-1']), { version: 1 });
  assert.deepEqual(applied.at(-1), { version: 1, refused: [] }, 'told before the answer');
  await applier.retry(['lsn-1']);
  assert.equal(engine.changes.length, 3);
});

test('a refused listener is tried again in time however many other changes come', async () => {
  const { clock, engine, applier } = world();
  engine.refuse.set('lsn-1', { listenerId: 'lsn-1', code: 'address-in-use', detail: '' });
  applier.setPlan(plan(1));
  await applier.settled();
  engine.refuse.clear();
  for (let turn = 0; turn < 15; turn++) {
    applier.touchService('svc-1');
    await clock.advanceAsync(100);
  }
  assert.equal(engine.listeners.size, 1);
});

test('a change that the engine fails to take is tried again, without an acknowledgement in between', async () => {
  const { clock, engine, applier, applied, lines } = world();
  engine.failure = new Error('a worker is gone');
  applier.setPlan(plan(1));
  await applier.settled();
  assert.deepEqual(applied, []);
  assert.equal(lines.length, 1);
  await clock.advanceAsync(300);
  assert.deepEqual(applied, [{ version: 1, refused: [] }]);
  assert.equal(engine.services.size, 1);
});

test('nothing is applied after stop', async () => {
  const { clock, engine, applier } = world();
  engine.failure = new Error('a worker is gone');
  applier.setPlan(plan(1));
  await applier.settled();
  applier.stop();
  applier.setPlan(plan(2));
  await clock.advanceAsync(60_000);
  assert.equal(engine.changes.length, 1);
});

test('a listener that goes on without a name is told of, until the plan has another certificate', async () => {
  const { applier, applied } = world();
  const chain = (text: string) =>
    planEntry('certificate', {
      id: 'crt-1',
      chain: text,
      privateKey: '',
      names: [],
      keyType: 'ecdsa',
      ocspResponse: null,
    });
  const entries = plan(1).entries;
  applier.setPlan(planOf(1, [...entries.values(), chain('old')]));
  await applier.settled();
  const failure = { listenerId: 'lsn-1', certificateIds: ['crt-1'], detail: 'no good' };
  assert.ok(applier.certificateFailed(failure));
  assert.ok(!applier.certificateFailed(failure), 'another worker says the same');
  await applier.settled();
  applier.setPlan(planOf(2, [...entries.values(), chain('new')]));
  await applier.settled();
  assert.deepEqual(applied, [
    { version: 1, refused: [] },
    { version: 1, refused: [{ listenerId: 'lsn-1', code: 'certificate-unusable', detail: 'no good' }] },
    { version: 2, refused: [] },
  ]);
});

test('a plan is told of when the engine has decided all of it; changes do not wait for that', async () => {
  const { engine, applier, applied } = world();
  let deciding: PromiseWithResolvers<void> | null = Promise.withResolvers<void>();
  Object.assign(engine, { undecided: () => deciding?.promise ?? null });
  applier.setPlan(plan(1));
  await settle();
  applier.setPlan(plan(2, 81));
  await settle();
  applier.setPlan(plan(3, 81));
  await settle();
  assert.deepEqual([engine.changes.length, engine.listeners.get('lsn-1')?.port, applied], [2, 81, []]);
  let isSettled = false;
  void applier.settled().then(() => {
    isSettled = true;
  });
  await settle();
  assert.equal(isSettled, false);
  const decided = deciding;
  deciding = null;
  decided.resolve();
  await applier.settled();
  assert.equal(engine.changes.length, 3);
  assert.deepEqual(engine.changes[2], { shared: new Map(), services: new Map(), listeners: new Map() });
  assert.deepEqual(applied, [{ version: 3, refused: [] }]);
});

test('what the engine has decided is asked for again when it failed to take it', async () => {
  const { clock, engine, applier, applied } = world();
  let deciding: PromiseWithResolvers<void> | null = Promise.withResolvers<void>();
  Object.assign(engine, { undecided: () => deciding?.promise ?? null });
  applier.setPlan(plan(1));
  await settle();
  engine.failure = new Error('no worker');
  deciding.resolve();
  await settle();
  deciding = null;
  assert.deepEqual([engine.changes.length, applied], [2, []]);
  await clock.advanceAsync(250);
  await applier.settled();
  assert.deepEqual([engine.changes.length, applied], [3, [{ version: 1, refused: [] }]]);
});
