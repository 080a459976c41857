import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Random } from '../reactor/simulated/random.ts';
import { BUCKET_WORDS, TokenBucket } from './token-bucket.ts';

const START = 2 ** 31 - 5_000;

const memory = () => new Int32Array(new SharedArrayBuffer(BUCKET_WORDS * Int32Array.BYTES_PER_ELEMENT));

test('at first, and after a pause, one second of tokens is there and no more', () => {
  const bucket = new TokenBucket(memory(), 0);
  for (const now of [1_000, 90_000]) {
    const taken = Array.from({ length: 20 }, () => bucket.take(7, now)).filter(Boolean).length;
    assert.equal(taken, 7, `at ${now}`);
  }
});

test('a rate that is lowered holds at once, one that is raised from the next second on', () => {
  const words = memory();
  const bucket = new TokenBucket(words, 0);
  assert.ok(bucket.take(100, 1_000));
  assert.ok(bucket.take(3, 1_001));
  assert.ok(bucket.take(3, 1_001) && bucket.take(3, 1_001));
  assert.ok(!bucket.take(3, 1_001));
  assert.equal(Array.from({ length: 200 }, () => bucket.take(100, 2_001)).filter(Boolean).length, 100);
});

test('a clock that is a little behind takes nothing away, one that has gone round starts anew', () => {
  const bucket = new TokenBucket(memory(), 0);
  for (let i = 0; i < 5; i++) assert.ok(bucket.take(5, 10_000));
  assert.ok(!bucket.take(5, 9_990));
  assert.ok(!bucket.take(5, 10_000));
  assert.ok(bucket.take(5, 10_000 + 2 ** 31 + 5));
});

for (let seed = 1; seed <= 200; seed++) {
  test(`no window has more than its share, and nothing that is due is lost: seed ${seed}`, () => {
    const random = new Random(seed);
    const words = memory();
    const workers = Array.from({ length: 1 + random.below(4) }, () => new TokenBucket(words, 0));
    const rate = 1 + random.below(seed % 2 === 0 ? 20 : 2_000);
    const taken: number[] = [];
    let now = START;
    for (let asked = 0; asked < 3_000; asked++) {
      now += random.below(4) === 0 ? random.below(Math.ceil(4_000 / rate) + 1) : 0;
      // Each thread reads the clock a little earlier or later.
      if (workers[random.below(workers.length)]!.take(rate, now - random.below(3))) taken.push(now);
    }
    for (let i = 0; i < taken.length; i += 1 + random.below(20)) {
      for (let j = i; j < taken.length; j += 1 + random.below(50)) {
        const most = rate * (1 + (taken[j]! - taken[i]!) / 1_000) + 1;
        assert.ok(j - i + 1 <= most + rate * 0.003, `${j - i + 1} tokens from ${taken[i]} to ${taken[j]} at ${rate}/s`);
      }
    }
    // Somebody who asks all the time gets all of it.
    const from = now + 10_000;
    let got = 0;
    for (let at = from; at <= from + 10_000; at++) while (workers[0]!.take(rate, at)) got++;
    assert.ok(Math.abs(got - rate * 11) <= 1, `${got} of ${rate * 11}`);
  });
}
