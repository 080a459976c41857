import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SLOTS } from '../maglev/slots.ts';
import {
  decodeAgedTable,
  decodeFlows,
  decodeNumbers,
  decodeTable,
  encodeAgedTable,
  encodeFlows,
  encodeNumbers,
  encodeTable,
  hearsAges,
  joinNumbers,
  NO_NUMBERS,
  newNumbers,
} from './zone-view.ts';

test('numbers, flows and tables come back as they were', () => {
  const numbers = { targets: new Map([[7, 'a']]), services: new Map([[1, 'web']]) };
  assert.deepEqual(decodeNumbers(encodeNumbers(numbers)), numbers);
  const records = [1, 2].map((byte) => ({
    key: Buffer.alloc(40, byte),
    target: 300 + byte,
    idleSeconds: 70_000 * byte,
  }));
  assert.deepEqual([...decodeFlows(encodeFlows(records))], records);
  const pairs = Uint32Array.from({ length: SLOTS }, (_, slot) => slot * 65_521);
  assert.deepEqual(decodeTable(encodeTable(5, pairs)), { service: 5, pairs });
});

test('a table with the ages of its slots comes back as it was; other lengths, and ages that are not there, are refused', () => {
  const pairs = Uint32Array.from({ length: SLOTS }, (_, slot) => slot);
  const ages = { ages: [90_000, 5], slots: Uint8Array.from({ length: SLOTS }, (_, slot) => slot % 3) };
  const content = encodeAgedTable(5, pairs, ages);
  assert.deepEqual(decodeAgedTable(content), { service: 5, pairs, ages });
  for (const bytes of [content.subarray(0, -1), content.subarray(0, -4), encodeTable(5, pairs), Buffer.alloc(0)]) {
    assert.throws(() => decodeAgedTable(bytes), RangeError);
  }
  assert.deepEqual([hearsAges(encodeNumbers(NO_NUMBERS)), hearsAges(Buffer.from('{"targets":[]}'))], [true, false]);
});

test('what is none of them is refused', () => {
  for (const text of [
    '',
    '[]',
    '{"targets":[[1]],"services":[]}',
    '{"targets":[["1","a"]],"services":[]}',
    '{"targets":[[40000,"a"]],"services":[]}',
  ]) {
    assert.throws(() => decodeNumbers(Buffer.from(text)));
  }
  assert.throws(() => [...decodeFlows(Buffer.alloc(41))], /no flows/);
  assert.throws(() => decodeTable(Buffer.alloc(8)), /no table/);
});

test('only what is new is told, and joins what was known', () => {
  const before = {
    targets: new Map([
      [1, 'a'],
      [2, 'b'],
    ]),
    services: new Map([[1, 'web']]),
  };
  const after = {
    targets: new Map([
      [2, 'c'],
      [3, 'd'],
    ]),
    services: new Map([[1, 'web']]),
  };
  const more = newNumbers(before, after);
  assert.deepEqual(
    [[...more.targets], [...more.services]],
    [
      [
        [2, 'c'],
        [3, 'd'],
      ],
      [],
    ],
  );
  assert.deepEqual(
    [...joinNumbers(before, more).targets],
    [
      [1, 'a'],
      [2, 'c'],
      [3, 'd'],
    ],
  );
});
