import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import type { PlannedListener } from '@evenkeel/model/plan/objects.ts';
import { pino } from 'pino';
import { FakeKernel, listener, service } from './datapath-engine.fixture.ts';
import { DatapathEngine } from './datapath-engine.ts';
import type { KernelPath } from './kernel-path.ts';

type Asked = { readonly staying: readonly string[]; readonly heard: () => void };

function world(t: TestContext) {
  const folder = mkdtempSync(join(tmpdir(), 'withdrawal-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const kernel = new FakeKernel();
  const asked: Asked[] = [];
  let announced: readonly string[] = [];
  const setting = { isPinned: false };
  const engine = new DatapathEngine({
    engine: { apply: async () => [] },
    setting: 'auto',
    recordFile: join(folder, 'kernel.json'),
    open: async () => kernel as unknown as KernelPath,
    isPinned: () => setting.isPinned,
    unpin: () => {},
    forwards: () => true,
    firstLocalPort: () => 32_768,
    refusesAnswers: () => '',
    isNewsOfAnswers: () => false,
    devices: () => ['eth0'],
    ownAddresses: () => [],
    zone: {
      follow: () => {
        announced = kernel.addresses.map(([, vip]) => vip);
      },
      pause: () => {},
      withdrawAllBut(staying) {
        const { promise, resolve } = Promise.withResolvers<void>();
        asked.push({ staying, heard: resolve });
        return promise;
      },
    },
    log: pino({ level: 'silent' }),
  });
  const apply = (...listeners: (readonly [string, PlannedListener | null])[]) =>
    engine.apply({
      services: new Map([['svc-1', service()]]),
      shared: new Map(),
      listeners: new Map(listeners),
    });
  return { engine, kernel, asked, apply, setting, announced: () => announced };
}

const one = ['lsn-1', listener()] as const;
const other = ['lsn-2', listener({ id: 'lsn-2', addresses: ['192.0.2.2'] })] as const;
const turn = () => new Promise((resolve) => setImmediate(resolve));

test('a VIP that goes is withdrawn, and packets to it are balanced until routers have heard of it; nothing else waits', async (t) => {
  const { kernel, asked, apply, announced } = world(t);
  await apply(one, other);
  assert.deepEqual([kernel.listeners, announced(), asked], [['lsn-1', 'lsn-2'], ['192.0.2.1', '192.0.2.2'], []]);
  await apply(['lsn-1', null]);
  assert.deepEqual([asked.length, asked[0]!.staying], [1, ['192.0.2.2']]);
  const calls = kernel.calls;
  await apply(); // the health of a target
  assert.deepEqual([kernel.calls, asked.length], [calls + 1, 1]);
  assert.deepEqual([kernel.listeners, announced()], [['lsn-1', 'lsn-2'], ['192.0.2.2']]);
  asked[0]!.heard();
  while (kernel.listeners.length > 1) await turn();
  assert.deepEqual([kernel.listeners, announced()], [['lsn-2'], ['192.0.2.2']]);
});

test('a listener that comes back before it is gone stays; the notice of its second end is its own', async (t) => {
  const { engine, kernel, asked, apply, announced } = world(t);
  await apply(one, other);
  await apply(['lsn-1', null]);
  await apply(one);
  assert.deepEqual(announced(), ['192.0.2.1', '192.0.2.2']);
  await apply(['lsn-1', null]);
  asked[0]!.heard();
  for (let i = 0; i < 10; i++) await turn();
  assert.deepEqual(kernel.listeners, ['lsn-1', 'lsn-2']);
  asked[1]!.heard();
  while (kernel.listeners.length > 1) await turn();
  assert.deepEqual(
    engine.carried().map(({ listenerId }) => listenerId),
    ['lsn-2'],
  );
});

test('the last one takes everything with it, once routers have heard', async (t) => {
  const { engine, kernel, asked, apply } = world(t);
  await apply(one);
  await apply(['lsn-1', null]);
  assert.deepEqual([kernel.tornDown, engine.carried()], [false, []]);
  asked[0]!.heard();
  while (!kernel.tornDown) await turn();
  assert.equal(engine.kernel, null);
});

test('a kernel that is handed off takes who was leaving with it, and waits until nothing of that is under way', async (t) => {
  const { engine, kernel, asked, apply, setting } = world(t);
  await apply(one, other);
  await apply(['lsn-1', null]);
  let isHandedOff = false;
  const handedOff = engine.handOff().then(() => {
    isHandedOff = true;
  });
  for (let i = 0; i < 10; i++) await turn();
  assert.equal(isHandedOff, false);
  asked[0]!.heard();
  await handedOff;
  assert.deepEqual(kernel.listeners, ['lsn-1', 'lsn-2']);
  setting.isPinned = true;
  assert.deepEqual(engine.takeBack(), ['lsn-2']);
  await apply(other);
  assert.deepEqual([asked.length, asked[1]!.staying], [2, ['192.0.2.2']], 'it is withdrawn anew');
  asked[1]!.heard();
  while (kernel.listeners.length > 1) await turn();
});

test('what an earlier process has left and the plan does not want is withdrawn before it goes', async (t) => {
  const { kernel, asked, apply, setting } = world(t);
  setting.isPinned = true;
  kernel.carried.add('lsn-gone');
  await apply(one);
  assert.deepEqual([asked.length, asked[0]!.staying], [1, ['192.0.2.1']]);
  assert.deepEqual(kernel.listeners, ['lsn-gone', 'lsn-1']);
  asked[0]!.heard();
  while (kernel.listeners.length > 1) await turn();
});
