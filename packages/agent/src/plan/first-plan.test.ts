import assert from 'node:assert/strict';
import { test } from 'node:test';
import { VirtualClock } from '../../test/virtual-clock.ts';
import { FirstPlan } from './first-plan.ts';

/** Whether it is resolved by now. */
async function isResolved(promise: Promise<void>): Promise<boolean> {
  const not = Symbol('not');
  return (await Promise.race([promise, Promise.resolve(not)])) !== not;
}

test('it says what is missing, until a plan is in force', async () => {
  const first = new FirstPlan(new VirtualClock());
  assert.equal(first.waitsFor, 'disk');
  first.asked();
  assert.equal(first.waitsFor, 'control-plane');
  assert.equal(await isResolved(first.settled), false);
  first.unreachable('credential');
  assert.equal(first.waitsFor, 'credential');
  assert.equal(await isResolved(first.settled), true);
  first.connected();
  assert.equal(first.waitsFor, 'plan');
  first.unreachable('control-plane');
  assert.equal(first.waitsFor, 'control-plane');
  assert.equal(await isResolved(first.inForce), false);
  first.applied();
  assert.equal(await isResolved(first.inForce), true);
  first.connected();
  first.unreachable('credential');
  assert.equal(first.waitsFor, null, 'what was in force goes on without the control plane');
});

test('nobody waits for a control plane that takes its time, and there is no plan for all that', async () => {
  const clock = new VirtualClock();
  const first = new FirstPlan(clock);
  first.asked();
  first.connected();
  clock.advance(1999);
  assert.equal(await isResolved(first.settled), false);
  clock.advance(1);
  assert.equal(await isResolved(first.settled), true);
  assert.equal(first.waitsFor, 'plan');
  assert.equal(await isResolved(first.inForce), false);
});
