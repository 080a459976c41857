import assert from 'node:assert/strict';
import { it } from 'node:test';
import { HEADROOM, NO_BUFFER, RECEIVE_SIZE } from './arena.ts';
import { CountedArena } from './counted-arena.ts';
import { RangeQueue } from './range-queue.ts';

it('consumes across ranges, releases what is used up, and keeps the rest of a range', () => {
  const arena = new CountedArena(4);
  const queue = new RangeQueue();
  const [first, second] = [arena.acquire(), arena.acquire()];
  queue.push(first, 10, 20);
  queue.push(NO_BUFFER, 0, 5);
  queue.push(second, 40, 70);
  assert.deepEqual([queue.length, queue.bytes], [3, 45]);
  assert.equal(queue.consume(18, arena), 2);
  assert.deepEqual([queue.length, queue.bytes, arena.free], [1, 27, 3]);
  assert.deepEqual([queue.buffer(0), queue.start(0), queue.end(0)], [second, 43, 70]);
  assert.equal(queue.consume(0, arena), 0);
  assert.equal(queue.consume(27, arena), 1);
  assert.deepEqual([queue.length, queue.bytes, arena.free], [0, 0, 4]);
});

it('truncates from the back', () => {
  const arena = new CountedArena(4);
  const queue = new RangeQueue();
  for (let i = 0; i < 4; i++) queue.push(arena.acquire(), 0, 10);
  queue.truncate(1, arena);
  assert.deepEqual([queue.length, queue.bytes, queue.buffer(0), arena.free], [1, 10, 0, 3]);
  queue.truncate(0, arena);
  assert.deepEqual([queue.length, queue.bytes, arena.free], [0, 0, 4]);
});

it('keeps the order over thousands of ranges without ever being empty', () => {
  const arena = new CountedArena(1);
  const queue = new RangeQueue();
  for (let i = 0; i < 50; i++) queue.push(NO_BUFFER, i, i + 1);
  for (let i = 50; i < 5000; i++) {
    assert.equal(queue.start(0), i - 50);
    queue.consume(1, arena);
    queue.push(NO_BUFFER, i, i + 1);
    assert.deepEqual([queue.length, queue.bytes], [50, 50]);
  }
});

it('appends small ranges to the last one while there is room in its buffer', () => {
  const arena = new CountedArena(3);
  const queue = new RangeQueue();
  const room = HEADROOM + RECEIVE_SIZE;
  for (let i = 0; i < room; i++) {
    const buffer = arena.acquire();
    const start = arena.base(buffer) + HEADROOM;
    arena.memory[start] = i & 255;
    queue.append(buffer, start, start + 1, arena);
  }
  assert.deepEqual([queue.length, queue.bytes, arena.free], [2, room, 1]);
  assert.deepEqual([queue.end(0) - queue.start(0), queue.end(1) - queue.start(1)], [RECEIVE_SIZE, HEADROOM]);
  for (let i = 0, at = 0; i < 2; i++) {
    for (let from = queue.start(i); from < queue.end(i); from++, at++) assert.equal(arena.memory[from], at & 255);
  }
  queue.truncate(0, arena);
  assert.equal(arena.free, 3);
});
