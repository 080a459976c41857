import assert from 'node:assert/strict';
import { test } from 'node:test';
import { latencyFigures } from './latency.ts';

const took = Array.from({ length: 1_001 }, (_, index) => index / 100);

test('quantiles are told of as many requests as they take', () => {
  const enough = { p99: 1_000, p999: 1_001 };
  assert.deepEqual(latencyFigures(took, true, enough), {
    pacedCounted: 1_001,
    pacedP50: 5,
    pacedP99: 9.9,
    pacedP999: 9.99,
  });
  assert.equal(latencyFigures(took, false, enough).pacedP999, undefined);
});

test('too few give no quantile, but their number', () => {
  assert.deepEqual(latencyFigures(took, true, { p99: 1_002, p999: 20_000 }), { pacedCounted: 1_001 });
  assert.equal(latencyFigures(took, true, { p99: 1_000, p999: 1_002 }).pacedP999, undefined);
});
