import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { EngineCounters } from '@evenkeel/proxy/telemetry/counters.ts';
import { fullSnapshot } from '../../test/snapshot.ts';
import { bothDatapaths, countedInKernel } from './both-datapaths.ts';
import type { KernelCounts } from './kernel-sight.ts';

const PROXY: EngineCounters = fullSnapshot().engine;
const TRAFFIC = { packets: 9n, bytes: 900n, flows: 2n, drops: 1n, answers: 8n, answerBytes: 800n };
const COUNTS = { traffic: TRAFFIC, drops: { fragment: 1n }, active: { flows: 6, error: 3 } };

function kernel(listenerId: string, targetId: string, isUdp = false): KernelCounts {
  return {
    listeners: [{ listenerId, sampledOneIn: 1, isUdp, ...COUNTS }],
    targets: [{ serviceId: 'svc-1', targetId, address: '10.0.0.1', port: 53, ...COUNTS }],
    outcomes: {},
  };
}

test('a listener that the kernel alone carries reads like any other', () => {
  const { listeners, targets } = bothDatapaths(PROXY, kernel('lsn-9', 'tgt-9', true));
  const own = listeners.find(({ listenerId }) => listenerId === 'lsn-9')!;
  assert.deepEqual([own.connections, own.activeConnections, own.bytesReceived, own.bytesSent], [2, 6, 900, 800]);
  assert.deepEqual(own.datagrams, { received: 9, sent: 8, lost: 1 });
  const target = targets.find(({ targetId }) => targetId === 'tgt-9')!;
  const { connections, activeConnections, bytesSent, bytesReceived } = target;
  assert.deepEqual([connections, activeConnections, bytesSent, bytesReceived], [2, 6, 900, 800]);
});

test('what the proxy has carried of it is added, and nothing of others changes', () => {
  const before = PROXY.listeners.find(({ listenerId }) => listenerId === 'lsn-1')!;
  const { listeners, targets } = bothDatapaths(PROXY, kernel('lsn-1', 'tgt-0'));
  const after = listeners.find(({ listenerId }) => listenerId === 'lsn-1')!;
  assert.equal(after.connections, before.connections + 2);
  assert.equal(after.bytesSent, before.bytesSent + 800);
  assert.deepEqual(after.datagrams, before.datagrams);
  assert.deepEqual(after.responses, before.responses);
  assert.equal(listeners.length, PROXY.listeners.length);
  assert.equal(targets.length, PROXY.targets.length);
});

test('without a kernel, the counters are those of the proxy', () => {
  assert.equal(bothDatapaths(PROXY, null), PROXY);
});

test('what goes up beside them', () => {
  assert.deepEqual(countedInKernel(COUNTS), { packets: 9, answers: 8, dropped: { fragment: 1 }, activeError: 3 });
});

test('sources that the kernel has refused count as those that the proxy has', () => {
  const { listeners, ...rest } = kernel('lsn-1', 'tgt-0');
  const refusing = { ...listeners[0]!, drops: { security_group: 3n, allowed_sources: 2n, fragment: 9n } };
  const before = PROXY.listeners.find(({ listenerId }) => listenerId === 'lsn-1')!.refused;
  const after = bothDatapaths(PROXY, { ...rest, listeners: [refusing] }).listeners[0]!.refused;
  assert.deepEqual(after, {
    ...before,
    'security-group': (before['security-group'] ?? 0) + 3,
    'allowed-sources': (before['allowed-sources'] ?? 0) + 2,
  });
});
