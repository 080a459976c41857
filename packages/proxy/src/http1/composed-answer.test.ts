import assert from 'node:assert/strict';
import { it } from 'node:test';
import { BUFFER_SIZE, NO_BUFFER } from '../reactor/arena.ts';
import { CountedArena } from '../reactor/counted-arena.ts';
import { sendComposed } from './composed-answer.ts';
import { InsertBlock } from './insert-block.ts';

it('sends nothing when there are too few buffers, though the kernel has some that are free', () => {
  const arena = new CountedArena(4);
  const block = new InsertBlock(arena);
  block.clear();
  block.text('HTTP/1.1 200 OK\r\n\r\n');
  const body = new Uint8Array(BUFFER_SIZE).fill(120);
  const sent: string[] = [];
  const send = (buffer: number, start: number, end: number): void => {
    sent.push(Buffer.from(arena.memory.subarray(start, end)).toString());
    arena.release(buffer);
  };
  const lent = [arena.ordinary.lend(), arena.ordinary.lend(), arena.ordinary.lend()];
  assert.equal(arena.free, 4);
  assert.equal(sendComposed(arena, block, body, send), false);
  assert.deepEqual(sent, []);
  for (const buffer of lent) arena.ordinary.returnUnused(buffer);
  assert.equal(sendComposed(arena, block, body, send), true);
  assert.equal(sent.join(''), `HTTP/1.1 200 OK\r\n\r\n${'x'.repeat(BUFFER_SIZE)}`);
  assert.equal(arena.free, arena.capacity);
  assert.notEqual(arena.acquire(), NO_BUFFER);
});
