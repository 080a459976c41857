import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Random } from '../reactor/simulated/random.ts';
import { copyWithin } from './copy.ts';

test('bytes are copied whole, whatever their number, their places and their overlap', () => {
  const random = new Random(5);
  for (const offset of [0, 1, 3]) {
    // Also memory that does not begin on a word.
    const memory = new Uint8Array(new ArrayBuffer(1_024), offset, 1_000);
    const expected = new Uint8Array(1_000);
    for (let round = 0; round < 20_000; round++) {
      const length = random.below(round % 8 === 0 ? 400 : 40);
      const start = random.below(500);
      const near = Math.max(0, start + random.between(-9, 9));
      const to = round % 2 === 0 ? near : random.below(500);
      memory[start] = round;
      expected[start] = round;
      copyWithin(memory, to, start, start + length);
      expected.copyWithin(to, start, start + length);
      if (!Buffer.from(memory).equals(expected)) assert.fail(`${length} bytes from ${start} to ${to}`);
    }
  }
});
