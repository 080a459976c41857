import assert from 'node:assert/strict';
import { test } from 'node:test';
import { EarlyFlows } from './early-flows.ts';

const flow = (port: number) => ({ key: Buffer.alloc(40, port), target: 9, idleSeconds: 1 });

test('flows wait for their target, and grow older meanwhile', () => {
  let now = 0;
  const early = new EarlyFlows(() => now);
  early.add('a', [flow(1), flow(2)]);
  early.add('b', [flow(3)]);
  assert.deepEqual(
    early.take(() => undefined),
    [],
  );
  now = 5_500;
  const known = early.take((name) => (name === 'a' ? 4 : undefined));
  assert.deepEqual(known, [
    { ...flow(1), target: 4, idleSeconds: 6 },
    { ...flow(2), target: 4, idleSeconds: 6 },
  ]);
  assert.equal(early.size, 1);
  now = 60_001;
  assert.deepEqual(
    early.take(() => 1),
    [],
  );
  assert.equal(early.size, 0);
});

test('at the bound the oldest are forgotten', () => {
  const early = new EarlyFlows(() => 0);
  const many = Array.from({ length: 4096 }, (_, index) => flow(index & 255));
  for (let batch = 0; batch < 20; batch++) early.add(`t${batch}`, many);
  assert.equal(early.size, 65_536);
  assert.equal(early.take((name) => (name === 't3' ? 1 : undefined)).length, 0);
  assert.equal(early.take((name) => (name === 't4' ? 1 : undefined)).length, 4096);
});
