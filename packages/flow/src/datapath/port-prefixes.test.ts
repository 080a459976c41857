import assert from 'node:assert/strict';
import { test } from 'node:test';
import { portPrefixes } from './port-prefixes.ts';

const RANGES = [
  [0, 65_535],
  [1, 65_534],
  [80, 80],
  [65_535, 65_535],
  [0, 0],
  [5000, 5999],
  [1024, 2047],
  [1025, 2048],
] as const;

for (const [first, last] of RANGES) {
  test(`the prefixes of ${first} to ${last} cover these ports once, and no other`, () => {
    const prefixes = portPrefixes(first, last);
    const covered = prefixes.flatMap(({ port, bits }) => {
      const size = 2 ** (16 - bits);
      assert.equal(port % size, 0);
      return Array.from({ length: size }, (_, index) => port + index);
    });
    assert.deepEqual(
      covered,
      Array.from({ length: last - first + 1 }, (_, index) => first + index),
    );
    assert.ok(prefixes.length <= 30);
  });
}

test('a power of two in its place is one prefix, and the worst range is thirty', () => {
  assert.deepEqual(portPrefixes(1024, 2047), [{ port: 1024, bits: 6 }]);
  assert.equal(portPrefixes(1, 65_534).length, 30);
});
