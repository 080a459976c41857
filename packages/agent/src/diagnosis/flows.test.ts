import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FLOWS_LISTENERS_TOLD, type FlowsQuestion } from '@evenkeel/model/plan/flows.ts';
import type { ReportedDatapath } from '@evenkeel/model/plan/stream.ts';
import { fullSnapshot } from '../../test/snapshot.ts';
import { type FlowSources, flowsOn } from './flows.ts';

const QUESTION: FlowsQuestion = { listenerIds: null, targetId: null, client: null, order: 'recent', limit: 50 };
const CARRIED: readonly ReportedDatapath[] = [
  { listenerId: 'lsn-9', datapath: 'kernel', detail: 'tcx' },
  { listenerId: 'lsn-1', datapath: 'userspace', detail: 'the kernel datapath needs root' },
];
const SOURCES: FlowSources = {
  carried: CARRIED,
  counters: fullSnapshot().engine,
  sight: {
    flows: async () => [],
    activeFlows: (id) => (id === 'lsn-9' ? { flows: 640, error: 141, sampledOneIn: 8 } : null),
  },
};

test('flows of listeners in the kernel are estimated, those in the proxy are counted', async () => {
  const { listeners } = await flowsOn(SOURCES, QUESTION);
  assert.deepEqual(listeners, [
    { listenerId: 'lsn-9', datapath: 'kernel', activeFlows: 640, activeFlowsError: 141, sampledOneIn: 8 },
    { listenerId: 'lsn-1', datapath: 'userspace', activeFlows: 2, activeFlowsError: 0, sampledOneIn: 0 },
  ]);
});

test('only listeners that are asked for are told of, and no more than fit an answer', async () => {
  const one = await flowsOn(SOURCES, { ...QUESTION, listenerIds: ['lsn-1', 'lsn-7'] });
  assert.deepEqual(
    one.listeners.map(({ listenerId }) => listenerId),
    ['lsn-1'],
  );
  const many = Array.from({ length: 2 * FLOWS_LISTENERS_TOLD }, (_, i): ReportedDatapath => {
    return { listenerId: `lsn-${i}`, datapath: 'userspace', detail: '' };
  });
  const all = await flowsOn({ ...SOURCES, carried: many }, QUESTION);
  assert.equal(all.listeners.length, FLOWS_LISTENERS_TOLD);
});

test('a node whose kernel carries nothing has no flows', async () => {
  const { flows, listeners } = await flowsOn({ ...SOURCES, sight: null }, QUESTION);
  assert.deepEqual(flows, []);
  assert.deepEqual(
    listeners.map(({ datapath }) => datapath),
    ['userspace', 'userspace'],
  );
});
