import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fullSnapshot } from '../../test/snapshot.ts';
import { trafficOf } from './traffic.ts';

const { engine, kernel } = fullSnapshot();
const QUESTION = { listenerId: 'lsn-1', serviceId: '' };

test('what the kernel has counted of a listener is among its counts, and beside them', () => {
  const [proxy] = trafficOf(engine, null, QUESTION).listeners;
  const [both] = trafficOf(engine, kernel, QUESTION).listeners;
  assert.equal(proxy!.kernel, undefined);
  assert.equal(both!.connections, proxy!.connections + 2);
  assert.equal(both!.activeConnections, proxy!.activeConnections + 64);
  assert.deepEqual(both!.kernel, { packets: 9, answers: 8, dropped: { fragment: 1 }, activeError: 12 });
});

test('requests in doubt are counted by reason', () => {
  const [counted] = trafficOf(engine, null, QUESTION).listeners;
  assert.deepEqual(counted!.desync, { 'unexpected-body': 2 });
});

test('the same of the targets of a service; others are as they were', () => {
  const { targets, listeners } = trafficOf(engine, kernel, { listenerId: '', serviceId: 'svc-1' });
  assert.deepEqual(listeners, []);
  const own = targets.find(({ targetId }) => targetId === 'tgt-0')!;
  assert.deepEqual(own.kernel?.dropped, { no_next_hop: 1 });
  assert.equal(targets.find(({ targetId }) => targetId === 'tgt-1')!.kernel, undefined);
});
