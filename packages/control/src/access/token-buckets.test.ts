import assert from 'node:assert/strict';
import { test } from 'node:test';
import { TokenBuckets } from './token-buckets.ts';

test('ten seconds of the rate at once, then the rate', () => {
  let now = 0;
  const buckets = new TokenBuckets(2, () => now);
  for (let left = 19; left >= 0; left--) assert.equal(buckets.take('a').remaining, left);
  assert.deepEqual(buckets.take('a'), { allowed: false, remaining: 0, seconds: 1 });
  assert.equal(buckets.take('b').allowed, true, 'others have their own');
  now += 500;
  assert.equal(buckets.take('a').allowed, true);
  assert.equal(buckets.take('a').allowed, false, 'what was refused was not taken, and one came back');
  now += 100_000;
  assert.deepEqual(buckets.look('a'), { allowed: true, remaining: 20, seconds: 0 });
});

test('at the bound those that are full make room, and else the new share one', () => {
  let now = 10_000;
  const buckets = new TokenBuckets(1, () => now, 2);
  for (const key of ['a', 'b']) for (let i = 0; i < 10; i++) buckets.take(key);
  for (let i = 0; i < 10; i++) assert.equal(buckets.take(`new-${i}`).allowed, true);
  assert.equal(buckets.look('another').allowed, false, 'they share');
  assert.equal(buckets.take('another').allowed, false);
  assert.equal(buckets.size, 2);
  now += 10_000;
  assert.equal(buckets.take('c').remaining, 9, 'a and b are full again, and forgotten');
  assert.equal(buckets.size, 1);
});
