import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { FIELD_VALUE, TARGET } from './characters.ts';
import { skipFieldValue, skipTarget, wordsOf } from './scan.ts';

describe('scanning by words', () => {
  test('stops at just the bytes at which the tables stop, wherever they lie', () => {
    const memory = new Uint8Array(64);
    const words = wordsOf(memory);
    assert.notEqual(words, null);
    for (const [skip, table] of [
      [skipFieldValue, FIELD_VALUE],
      [skipTarget, TARGET],
    ] as const) {
      for (let start = 0; start < 5; start++) {
        for (let place = start; place < 40; place++) {
          for (let byte = 0; byte < 256; byte++) {
            memory.fill(97);
            memory[place] = byte;
            const expected = table[byte] === 1 ? 40 : place;
            assert.equal(skip(memory, words, start, 40), expected, `byte ${byte} at ${place} from ${start}`);
          }
        }
      }
    }
  });

  test('never looks beyond the end, and does without words', () => {
    const memory = new Uint8Array(64).fill(97);
    for (let end = 0; end < 20; end++) {
      assert.equal(skipFieldValue(memory, wordsOf(memory), 3, 3 + end), 3 + end);
      assert.equal(skipTarget(memory, null, 3, 3 + end), 3 + end);
    }
    assert.equal(wordsOf(memory.subarray(1)), null);
  });
});
