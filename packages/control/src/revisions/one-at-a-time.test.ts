import assert from 'node:assert/strict';
import { test } from 'node:test';
import { OneAtATime } from './one-at-a-time.ts';

test('one is under way at a time, in order, and so many wait', async () => {
  const turns = new OneAtATime();
  const first = Promise.withResolvers<void>();
  const begun: number[] = [];
  const work = Array.from({ length: 17 }, (_, i) =>
    turns.inTurn(async () => {
      begun.push(i);
      await first.promise;
      if (i === 3) throw new Error('no');
      return i;
    }),
  );
  await assert.rejects(
    turns.inTurn(async () => 0),
    { code: 'too-busy' },
  );
  assert.deepEqual(begun, [0]);
  first.resolve();
  const ended = await Promise.allSettled(work);
  assert.deepEqual(
    begun,
    Array.from({ length: 17 }, (_, i) => i),
  );
  assert.deepEqual(
    ended.flatMap(({ status }, i) => (status === 'rejected' ? [i] : [])),
    [3],
    'one that fails stops nobody',
  );
  assert.equal(await turns.inTurn(async () => 7), 7);
});
