import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ProbeOutcome } from './outcome.ts';
import { detecting, type HealthState, isEligible, isNewcomer, judge, newcomerGap, unchecked } from './state.ts';

const good: ProbeOutcome = { kind: 'success', detail: '' };
const bad: ProbeOutcome = { kind: 'failure', reason: 'CONNECT_FAILED', detail: 'ECONNREFUSED' };
const wrong: ProbeOutcome = { kind: 'failure', reason: 'HTTP_CODE_MISMATCH', detail: 'status 500' };
const limits = { rise: 3, fall: 2 };

function after(state: HealthState, ...outcomes: ProbeOutcome[]): HealthState {
  return outcomes.reduce((current, outcome, index) => judge(current, outcome, limits, 1000 + index), state);
}

test('a newcomer is healthy after `rise` successes in a row and takes no traffic before', () => {
  const two = after(detecting(1), good, good);
  assert.equal(two.kind, 'detecting');
  assert.equal(isEligible(two), false);
  assert.equal(two.since, 1);
  const three = after(detecting(1), good, good, good);
  assert.deepEqual(three, { kind: 'healthy', since: 1002, reason: '', failures: 0 });
  assert.equal(isEligible(three), true);
});

test('a failure starts the row of successes anew', () => {
  assert.equal(after(detecting(1), good, good, bad, good, good).kind, 'detecting');
  assert.equal(after(detecting(1), good, good, bad, good, good, good).kind, 'healthy');
});

test('a newcomer is unhealthy after `fall` failures in a row and stays a newcomer', () => {
  const state = after(detecting(1), bad, wrong);
  assert.equal(state.kind, 'unhealthy');
  assert.equal(state.reason, 'HTTP_CODE_MISMATCH');
  assert.equal(state.since, 1001);
  assert.equal(isNewcomer(state), true);
});

test('a healthy target shows why a probe failed, recovers by one success, falls by `fall` failures', () => {
  const healthy = after(detecting(1), good, good, good);
  const once = after(healthy, bad);
  assert.equal(once.kind, 'healthy');
  assert.equal(once.reason, 'CONNECT_FAILED');
  assert.deepEqual(after(once, good), healthy);
  const down = after(healthy, bad, good, bad, bad);
  assert.equal(down.kind, 'unhealthy');
  assert.equal(isNewcomer(down), false);
});

test('an unhealthy target needs `rise` successes in a row', () => {
  const down = after(detecting(1), good, good, good, bad, bad);
  assert.equal(after(down, good, good).kind, 'unhealthy');
  assert.equal(after(down, good, good, bad, good, good).kind, 'unhealthy');
  assert.equal(after(down, good, good, good).kind, 'healthy');
});

test('nothing changes, not even the object, by a success of a healthy target or an inconclusive probe', () => {
  const healthy = after(detecting(1), good, good, good);
  assert.equal(after(healthy, good), healthy);
  const halfway = after(detecting(1), good);
  assert.equal(after(halfway, { kind: 'inconclusive', detail: 'EMFILE' }), halfway);
});

test('an unchecked target takes traffic whatever comes', () => {
  const state = unchecked(5);
  assert.equal(after(state, bad, bad, bad), state);
  assert.equal(isEligible(state), true);
});

test('the probes of a newcomer follow in 100 ms while it answers and back off up to the interval while it does not', () => {
  const gaps: number[] = [];
  let state = detecting(1);
  for (let probe = 0; probe < 8; probe++) {
    state = judge(state, bad, limits, 1);
    gaps.push(newcomerGap(state, 5000));
  }
  assert.deepEqual(gaps, [100, 200, 400, 800, 1600, 3200, 5000, 5000]);
  assert.equal(newcomerGap(judge(state, good, limits, 1), 5000), 100);
  assert.equal(newcomerGap(judge(detecting(1), good, limits, 1), 5000), 100);
});

test('a newcomer that answers by turns is probed ever more seldom', () => {
  let state = detecting(1);
  for (let turn = 0; turn < 10; turn++) state = judge(judge(state, good, limits, 1), bad, limits, 1);
  assert.equal(newcomerGap(state, 5000), 5000);
});
