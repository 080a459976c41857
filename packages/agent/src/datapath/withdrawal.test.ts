import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { pino } from 'pino';
import { FakeKernel, listener, service } from './datapath-engine.fixture.ts';
import { DatapathEngine } from './datapath-engine.ts';
import type { KernelPath } from './kernel-path.ts';

test('a VIP that goes is withdrawn, and packets to it are balanced until routers have heard of it', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'withdrawal-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const kernel = new FakeKernel();
  const asked: { staying: readonly string[]; carried: readonly string[] }[] = [];
  const heard = Promise.withResolvers<void>();
  const engine = new DatapathEngine({
    engine: { apply: async () => [] },
    setting: 'auto',
    recordFile: join(folder, 'kernel.json'),
    open: async () => kernel as unknown as KernelPath,
    isPinned: () => false,
    unpin: () => {},
    forwards: () => true,
    devices: () => ['eth0'],
    zone: {
      follow: () => {},
      pause: () => {},
      withdrawAllBut(staying) {
        asked.push({ staying, carried: kernel.listeners });
        return heard.promise;
      },
    },
    log: pino({ level: 'silent' }),
  });
  const both = [listener(), listener({ id: 'lsn-2', addresses: ['192.0.2.2'] })];
  const change = { services: new Map([['svc-1', service()]]), shared: new Map() };
  await engine.apply({ ...change, listeners: new Map(both.map((one) => [one.id, one])) });
  assert.deepEqual([kernel.listeners, asked], [['lsn-1', 'lsn-2'], []]);

  const applied = engine.apply({ ...change, services: new Map(), listeners: new Map([['lsn-1', null]]) });
  while (asked.length === 0) await new Promise((resolve) => setImmediate(resolve));
  assert.deepEqual(asked, [{ staying: ['192.0.2.2'], carried: ['lsn-1', 'lsn-2'] }]);
  assert.deepEqual(kernel.listeners, ['lsn-1', 'lsn-2']);
  heard.resolve();
  await applied;
  assert.deepEqual(kernel.listeners, ['lsn-2']);
});
