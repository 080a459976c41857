import assert from 'node:assert/strict';
import { test } from 'node:test';
import { arrivals } from './arrivals.ts';

test('a seed is a whole schedule, in order and within its time', () => {
  const due = arrivals(1_000, 10, 7);
  assert.deepEqual(due, arrivals(1_000, 10, 7));
  assert.notDeepEqual(due, arrivals(1_000, 10, 8));
  assert.deepEqual(due, due.toSorted());
  assert.ok(due[0]! >= 0 && due.at(-1)! < 10_000);
});

test('requests come at the rate, independent of one another', () => {
  const due = arrivals(1_000, 10, 7);
  // Of a Poisson process: 10,000 with a deviation of 100, and of the distances the share 1/e is longer than the mean.
  assert.ok(Math.abs(due.length - 10_000) < 400, `${due.length}`);
  const long = due.filter((at, index) => at - (due[index - 1] ?? 0) > 1).length / due.length;
  assert.ok(Math.abs(long - 1 / Math.E) < 0.02, `${long}`);
});
