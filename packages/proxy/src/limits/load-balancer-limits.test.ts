import assert from 'node:assert/strict';
import { test } from 'node:test';
import { listenerOf } from '../../test/plans.ts';
import { LoadBalancerSlots } from '../engine/load-balancer-slots.ts';
import { SharedCounters } from '../telemetry/shared-counters.ts';
import { OVERFLOW_SLOT } from '../telemetry/slots.ts';
import { WorkerRows } from '../worker/worker-rows.ts';
import { LoadBalancerLimits } from './load-balancer-limits.ts';

const LIMITS = { connections: 2, connectionsPerSecond: 1, requestsPerSecond: 1 };
const NONE = { connections: null, connectionsPerSecond: null, requestsPerSecond: null };

function twoWorkers() {
  const counters = new SharedCounters(2);
  const [a, b] = [counters.listenerSlot('a'), counters.listenerSlot('b')];
  return [0, 1].map((worker) => {
    const rows = new WorkerRows(counters.blocks(worker));
    const listeners = [{ shared: rows.limits(a) }, { shared: rows.limits(b) }] as const;
    const together = new LoadBalancerLimits(LIMITS, rows.loadBalancer(1));
    for (const listener of listeners) together.add(listener);
    return { listeners, together };
  });
}

test('connections of all listeners and workers are counted together, also those from before there was a limit', () => {
  const [first, second] = twoWorkers();
  assert.ok(first!.listeners[0].shared.enter(9) && second!.listeners[1].shared.enter(9));
  assert.ok(!first!.together.isBeyond && !second!.together.isBeyond);
  assert.ok(second!.listeners[0].shared.enter(9));
  assert.ok(first!.together.isBeyond && second!.together.isBeyond);
  first!.together.follow({ ...LIMITS, connections: 3 });
  assert.ok(!first!.together.isBeyond);
  first!.together.follow(NONE);
  assert.ok(!first!.together.isBeyond);
  second!.together.remove(second!.listeners[1]);
  assert.ok(!second!.together.isBeyond, 'a listener that is gone does not count');
});

test('rates are those of all workers, and none where there is no limit', () => {
  const [first, second] = twoWorkers();
  assert.ok(first!.together.takeConnection(5_000) && second!.together.takeRequest(5_000));
  assert.ok(!second!.together.takeConnection(5_000) && !first!.together.takeRequest(5_000));
  assert.ok(second!.together.takeConnection(6_000));
  first!.together.follow(NONE);
  assert.ok(first!.together.takeConnection(6_000) && first!.together.takeRequest(6_000));
});

test('a load balancer keeps its place as long as it has limits and listeners, and then another one has it', () => {
  const { loadBalancers } = new SharedCounters(1);
  const slots = new LoadBalancerSlots(loadBalancers);
  const limited = (loadBalancerId: string) => listenerOf(80, { loadBalancerId, loadBalancerLimits: LIMITS });
  const slot = slots.of('a', limited('one'));
  assert.notEqual(slot, OVERFLOW_SLOT);
  assert.equal(slots.of('b', limited('one')), slot);
  assert.notEqual(slots.of('c', limited('two')), slot);
  assert.equal(slots.of('a', listenerOf(80, { loadBalancerId: 'one' })), OVERFLOW_SLOT);
  slots.sweep();
  assert.equal(slots.of('a', limited('one')), slot);
  assert.equal(slots.of('a', null), OVERFLOW_SLOT);
  assert.equal(slots.of('b', null), OVERFLOW_SLOT);
  loadBalancers.fill(7);
  slots.sweep();
  assert.equal(slots.of('d', limited('three')), slot);
  assert.deepEqual([...loadBalancers.subarray(slot * 8, slot * 8 + 8)], Array(8).fill(0));
});
