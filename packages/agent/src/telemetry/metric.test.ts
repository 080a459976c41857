import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DurationCounts, histogramSamples } from './metric.ts';

test('durations fall into the bucket of the first bound that is not smaller', () => {
  const counts = new DurationCounts([0.1, 1]);
  for (const seconds of [0.05, 0.1, 0.5, 1, 7]) counts.observe(seconds);
  assert.deepEqual(counts.counts, [2, 2, 1]);
  assert.ok(Math.abs(counts.sum - 8.65) < 1e-9);
});

test('the lines of a histogram are cumulative and end in +Inf, sum and count', () => {
  const samples = [...histogramSamples('d', { x: 'y' }, { bounds: [0.1, 1], counts: [2, 2, 1], sum: 8.65 })];
  assert.deepEqual(
    samples.map(({ metricName, labels, value }) => [metricName, labels['le'], value]),
    [
      ['d_bucket', 0.1, 2],
      ['d_bucket', 1, 4],
      ['d_bucket', '+Inf', 5],
      ['d_sum', undefined, 8.65],
      ['d_count', undefined, 5],
    ],
  );
});
