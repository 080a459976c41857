import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { NodePlan, PlanEntry } from '@evenkeel/model/plan/plan.ts';
import type { ListenerVolume } from '@evenkeel/proxy/telemetry/counters.ts';
import { volumesOf } from './load-balancer-volumes.ts';

const entry = (id: string, loadBalancerId: string) =>
  [`listener/${id}`, { key: `listener/${id}`, kind: 'listener', value: { id, loadBalancerId } }] as const;
const plan = {
  entries: new Map([entry('lsn-1', 'lb-1'), entry('lsn-2', 'lb-1'), entry('lsn-3', 'lb-2')]) as unknown as Map<
    string,
    PlanEntry
  >,
} as unknown as NodePlan;

const counters = (
  listenerId: string,
  connections: number,
  bytesReceived: number,
  bytesSent: number,
): ListenerVolume => ({ listenerId, connections, bytesReceived, bytesSent });

test('what listeners of a load balancer have counted is added up; what counted nothing or is gone is left out', () => {
  const listeners = [
    counters('lsn-1', 1, 10, 100),
    counters('lsn-2', 2, 0, 0),
    counters('lsn-3', 0, 0, 0),
    counters('lsn-gone', 9, 9, 9),
  ];
  assert.deepEqual(volumesOf(listeners, [counters('lsn-2', 1, 1, 1)], plan), {
    loadBalancers: [{ loadBalancerId: 'lb-1', connections: 4, bytesReceived: 11, bytesSent: 101 }],
  });
});
