import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { HeldBytes } from './held-bytes.ts';

describe('HeldBytes', () => {
  it('holds copies in order, in memory of at most twice their size', () => {
    const held = new HeldBytes();
    const piece = Uint8Array.of(0, 1, 2, 3);
    for (let i = 0; i < 1_000; i++) {
      piece[1] = i & 255;
      held.add(piece, 1, 2);
      assert.ok(held.bytes.length <= 2 * held.length);
    }
    assert.equal(held.length, 1_000);
    for (let i = 0; i < 1_000; i++) assert.equal(held.bytes[i], i & 255);
    held.clear();
    assert.deepEqual([held.length, held.bytes.length], [0, 0]);
  });
});
