import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { BUFFER_SIZE } from '../reactor/arena.ts';
import { CountedArena } from '../reactor/counted-arena.ts';
import { sendBytes, sendChunk, sendLastChunk } from './send-bytes.ts';

/** An arena and all that was sent from it. */
function world(buffers: number): {
  arena: CountedArena;
  send: (b: number, s: number, e: number) => void;
  text: () => string;
} {
  const arena = new CountedArena(buffers);
  const sent: Buffer[] = [];
  const send = (buffer: number, start: number, end: number): void => {
    assert.ok(end > start && start >= arena.base(buffer) && end <= arena.base(buffer) + BUFFER_SIZE);
    sent.push(Buffer.from(arena.memory.slice(start, end)));
    arena.release(buffer);
  };
  return { arena, send, text: () => Buffer.concat(sent).toString('latin1') };
}

describe('sendBytes', () => {
  it('sends parts of any size in order, and takes no more buffers than it needs', () => {
    for (const sizes of [[], [0], [1], [10, 20], [BUFFER_SIZE], [BUFFER_SIZE - 1, 1, 1], [5, 3 * BUFFER_SIZE, 7]]) {
      const { arena, send, text } = world(4);
      const parts = sizes.map((size, index) => Buffer.alloc(size, 97 + index));
      assert.equal(sendBytes(arena, parts, send), true);
      assert.equal(text(), Buffer.concat(parts).toString('latin1'));
      assert.equal(arena.free, 4);
    }
  });

  it('sends nothing when there are too few buffers', () => {
    const { arena, send, text } = world(3);
    assert.equal(sendBytes(arena, [Buffer.alloc(4 * BUFFER_SIZE)], send), false);
    const held = arena.acquire();
    assert.equal(sendBytes(arena, [Buffer.alloc(3 * BUFFER_SIZE)], send), false);
    assert.equal(text(), '');
    arena.release(held);
    assert.equal(sendBytes(arena, [Buffer.alloc(3 * BUFFER_SIZE)], send), true);
  });

  it('writes chunks', () => {
    const { arena, send, text } = world(1);
    sendChunk(arena, Buffer.from('hello world, hello'), send);
    sendLastChunk(arena, Buffer.from('bye'), send);
    assert.equal(text(), '12\r\nhello world, hello\r\n3\r\nbye\r\n0\r\n\r\n');
  });
});
