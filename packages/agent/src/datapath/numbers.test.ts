import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Numbers } from './numbers.ts';

test('numbers are kept, used again, and end', () => {
  const numbers = new Numbers(2, { a: 2 });
  assert.deepEqual([numbers.take('a'), numbers.take('b'), numbers.take('c')], [2, 1, null]);
  numbers.release('a');
  assert.deepEqual([numbers.take('c'), numbers.take('a')], [2, null]);
});

test('a number that was given back is the last to be used again', () => {
  const numbers = new Numbers(3);
  numbers.take('a');
  numbers.release('a');
  assert.deepEqual([numbers.take('b'), numbers.take('c'), numbers.take('d')], [2, 3, 1]);
});

test('a retired number is nobody’s until its time has come, in the next process too', () => {
  const numbers = new Numbers(2, { a: 1, b: 2 });
  numbers.retire('a', 100);
  assert.equal(numbers.take('a', 99), null, 'not even its former owner’s');
  const next = new Numbers(2, { b: 2 }, numbers.retired(99));
  assert.deepEqual([next.take('c', 99), next.take('c', 100), next.retired(100)], [null, 1, {}]);
});

test('retired numbers come back at once when nothing knows them any more', () => {
  const numbers = new Numbers(3, { a: 1, b: 2, c: 3 });
  numbers.retire('a', 100);
  numbers.retire('c', 100);
  assert.equal(numbers.free(99), 0);
  numbers.restore([1, 2]);
  assert.deepEqual([numbers.free(99), numbers.take('d', 99), numbers.take('e', 99)], [1, 1, null]);
  assert.equal(numbers.free(100), 1);
});
