import assert from 'node:assert/strict';
import { test } from 'node:test';
import { median, pairedRatios, quantile, spread } from './statistics.ts';

test('the median is the middle value, whatever the order', () => {
  assert.equal(median([9, 1, 5]), 5);
  assert.equal(median([10, 2, 1]), 2);
  assert.equal(median([7]), 7);
});

test('the median of an even number of values is the mean of the middle two', () => {
  assert.equal(median([4, 1, 3, 2]), 2.5);
});

test('values are sorted as numbers, not as text', () => {
  assert.equal(median([100, 9, 20]), 20);
});

test('the input is left as it was', () => {
  const values = [3, 1, 2];
  median(values);
  assert.deepEqual(values, [3, 1, 2]);
});

test('quantiles interpolate between neighbours', () => {
  const values = [1, 2, 3, 4];
  assert.equal(quantile(values, 0), 1);
  assert.equal(quantile(values, 1), 4);
  assert.equal(quantile(values, 0.25), 1.75);
  assert.ok(Math.abs(quantile(values, 0.9) - 3.7) < 1e-12);
});

test('the 99th percentile of 200 values is near the third largest', () => {
  const values = Array.from({ length: 200 }, (_, index) => index + 1);
  assert.ok(Math.abs(quantile(values, 0.99) - 198.01) < 1e-9);
});

test('spread gives the extremes and the middle', () => {
  assert.deepEqual(spread([3, 9, 1]), { low: 1, middle: 3, high: 9 });
});

test('ratios are taken within a round', () => {
  assert.deepEqual(pairedRatios([1, 4], [2, 2]), [0.5, 2]);
  assert.throws(() => pairedRatios([1], [1, 2]), RangeError);
});

test('no values, values that are no numbers and shares outside 0–1 are refused', () => {
  assert.throws(() => median([]), RangeError);
  assert.throws(() => spread([]), RangeError);
  assert.throws(() => median([1, Number.NaN]), RangeError);
  assert.throws(() => quantile([1], 1.01), RangeError);
  assert.throws(() => quantile([1], Number.NaN), RangeError);
});
