import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Backoff } from './backoff.ts';

test('delays double up to the most, and begin anew after a sound run', () => {
  const backoff = new Backoff({ first: 100, most: 350, soundAfter: 1_000 });
  assert.deepEqual(
    [0, 0, 0, 0].map((ran) => backoff.after(ran)),
    [100, 200, 350, 350],
  );
  assert.equal(backoff.after(1_000), 100);
  assert.equal(backoff.after(999), 200);
});
