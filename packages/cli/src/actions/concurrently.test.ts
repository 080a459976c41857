import assert from 'node:assert/strict';
import { test } from 'node:test';
import { concurrently } from './concurrently.ts';

test('results keep the order of the items, and only a few are under way', async () => {
  const waiting: (() => void)[] = [];
  let most = 0;
  const work = async (n: number) => {
    const turn = Promise.withResolvers<void>();
    most = Math.max(most, waiting.push(turn.resolve));
    // The newest is let go first.
    queueMicrotask(() => waiting.pop()?.());
    await turn.promise;
    return n * 2;
  };
  const items = Array.from({ length: 50 }, (_, i) => i);
  assert.deepEqual(
    await concurrently(items, work),
    items.map((n) => n * 2),
  );
  assert.ok(most > 1 && most <= 8, String(most));
  assert.deepEqual(await concurrently([], work), []);
});

test('the first failure ends it', async () => {
  const failing = async (n: number) => {
    if (n === 3) throw new RangeError('three');
    return n;
  };
  await assert.rejects(concurrently([1, 2, 3, 4], failing), RangeError);
});
