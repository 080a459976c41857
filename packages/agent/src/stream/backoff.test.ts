import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Backoff } from './backoff.ts';

test('doubles from 50 ms to 5 s and begins anew after a reset', () => {
  const backoff = new Backoff(() => 0);
  const waits = Array.from({ length: 10 }, () => backoff.next());
  assert.deepEqual(waits, [50, 100, 200, 400, 800, 1600, 3200, 5000, 5000, 5000]);
  backoff.reset();
  assert.equal(backoff.next(), 50);
});

test('is shortened at random by at most half', () => {
  assert.equal(new Backoff(() => 0.999_999).next() > 25, true);
  assert.equal(new Backoff(() => 0.5).next(), 37.5);
});
