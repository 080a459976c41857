import assert from 'node:assert/strict';
import { test } from 'node:test';
import { encodeFrame, FRAME_KINDS, FrameReader, LONGEST_CONTENT } from './frames.ts';

const bytes = Buffer.concat([
  encodeFrame(FRAME_KINDS.numbers, Buffer.from('{}')),
  encodeFrame(FRAME_KINDS.flows, Buffer.alloc(0)),
  encodeFrame(FRAME_KINDS.table, Buffer.alloc(300, 7)),
]);

for (const size of [1, 2, 5, 7, 300, bytes.length]) {
  test(`frames come out whole, whatever the pieces: ${size} bytes each`, () => {
    const reader = new FrameReader();
    const frames: [number, string][] = [];
    for (let at = 0; at < bytes.length; at += size) {
      for (const { kind, content } of reader.read(bytes.subarray(at, at + size)))
        frames.push([kind, content.toString('hex')]);
    }
    assert.deepEqual(frames, [
      [FRAME_KINDS.numbers, Buffer.from('{}').toString('hex')],
      [FRAME_KINDS.flows, ''],
      [FRAME_KINDS.table, '07'.repeat(300)],
    ]);
  });
}

test('a frame longer than any is refused before it is waited for', () => {
  const head = Buffer.alloc(5);
  head.writeUInt32LE(LONGEST_CONTENT + 1);
  assert.throws(() => [...new FrameReader().read(head)], /at most/);
});
