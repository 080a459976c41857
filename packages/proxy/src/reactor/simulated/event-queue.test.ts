import assert from 'node:assert/strict';
import { test } from 'node:test';
import { EventQueue } from './event-queue.ts';
import { Random } from './random.ts';

test('events come out by time, and in order of arrival within one moment', () => {
  const random = new Random(7);
  const queue = new EventQueue();
  const expected: { at: number; order: number }[] = [];
  const seen: { at: number; order: number }[] = [];
  for (let order = 0; order < 500; order++) {
    const at = random.below(40);
    expected.push({ at, order });
    queue.add(at, () => seen.push({ at, order }));
  }
  expected.sort((a, b) => a.at - b.at || a.order - b.order);
  while (queue.nextAt < Infinity) queue.take()();
  assert.deepEqual(seen, expected);
});

test('a cancelled event does not happen', () => {
  const queue = new EventQueue();
  const happened: number[] = [];
  const events = [3, 1, 2].map((at) => queue.add(at, () => happened.push(at)));
  events[1]?.cancel();
  assert.equal(queue.nextAt, 2);
  while (queue.nextAt < Infinity) queue.take()();
  assert.deepEqual(happened, [2, 3]);
});
