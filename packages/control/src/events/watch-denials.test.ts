import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DenialWatch } from './watch-denials.ts';

const MINUTE = 60_000;

function world() {
  const told: string[] = [];
  let now = 0;
  const watch = new DenialWatch(
    () => now,
    ({ kind, subject, data }) => told.push(`${kind} ${subject.id} ${data!['refused']}`),
  );
  return (minutes: number, denied: Readonly<Record<string, number | null>>) => {
    now += minutes * MINUTE;
    told.length = 0;
    watch.look(Object.entries(denied).map(([id, count]) => ({ id, denied: count })));
    return [...told];
  };
}

test('each node tells once that denied sources come, and once that they have left it alone', () => {
  const look = world();
  assert.deepEqual(look(0, { a: 0, b: 0 }), []);
  assert.deepEqual(look(1, { a: 3, b: 0 }), ['denials.begun a 3']);
  assert.deepEqual(look(4, { a: 10, b: 1 }), ['denials.begun b 1']);
  assert.deepEqual(look(4, { a: 10, b: 1 }), [], 'they may come again');
  assert.deepEqual(look(1, { a: 10, b: 2 }), ['denials.ended a 10']);
  assert.deepEqual(look(1, { a: 11, b: 2 }), ['denials.begun a 1']);
});

test('what a node has refused before is no news, and one that starts anew counts from the start', () => {
  const look = world();
  assert.deepEqual(look(0, { a: 500 }), []);
  assert.deepEqual(look(1, { a: null }), [], 'it is away');
  assert.deepEqual(look(1, { a: 2 }), []);
  assert.deepEqual(look(1, { a: 4 }), ['denials.begun a 2']);
  assert.deepEqual(look(1, { a: 1 }), []);
  assert.deepEqual(look(1, { a: 3 }), []);
  assert.deepEqual(look(5, { a: 3 }), ['denials.ended a 4']);
  assert.deepEqual(look(1, {}), []);
  assert.deepEqual(look(1, { a: 9 }), [], 'it was forgotten');
});
