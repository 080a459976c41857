import assert from 'node:assert/strict';
import { test } from 'node:test';
import { firstGeneration, nextGeneration } from '@evenkeel/flow/maglev/generations.ts';
import { SLOTS } from '@evenkeel/flow/maglev/slots.ts';
import { sinceIn, toldAges } from './told-ages.ts';

test('a slot whose age is not told, as its table came before its age was known, says nothing', () => {
  const table = nextGeneration(
    new Uint16Array(SLOTS).fill(2),
    firstGeneration(new Uint16Array(SLOTS).fill(1)),
    () => false,
  );
  const slots = new Uint8Array(SLOTS).fill(1, 1);
  const since = sinceIn(table, toldAges(table, { ages: [300], slots }, 1_000));
  assert.deepEqual([since(0), since(1)], [null, 700]);
});
