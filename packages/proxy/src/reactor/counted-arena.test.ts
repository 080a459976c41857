import assert from 'node:assert/strict';
import { it } from 'node:test';
import { BUFFER_SIZE, HEADROOM, LARGE_SIZE, NO_BUFFER } from './arena.ts';
import { CountedArena } from './counted-arena.ts';

it('hands out the buffer released last, and none when all are taken', () => {
  const arena = new CountedArena(3);
  const buffers = [arena.acquire(), arena.acquire(), arena.acquire()];
  assert.deepEqual(buffers, [0, 1, 2]);
  assert.equal(arena.acquire(), NO_BUFFER);
  arena.release(1);
  arena.release(0);
  assert.deepEqual([arena.acquire(), arena.acquire()], [0, 1]);
  assert.equal(arena.free, 0);
});

it('frees a buffer with its last count and refuses to free it again', () => {
  const arena = new CountedArena(2);
  const buffer = arena.acquire();
  arena.retain(buffer);
  arena.release(buffer);
  assert.equal(arena.free, 1);
  arena.release(buffer);
  assert.equal(arena.free, 2);
  assert.throws(() => arena.release(buffer), /does not own/);
  assert.throws(() => arena.retain(buffer), /cannot be retained/);
  arena.release(NO_BUFFER);
});

it('counts lent buffers as free until the kernel has filled them', () => {
  const arena = new CountedArena(2);
  const { ordinary } = arena;
  const [first, second] = [ordinary.lend(), ordinary.lend()];
  assert.equal(ordinary.lend(), NO_BUFFER);
  assert.deepEqual([arena.free, arena.available], [2, 0]);
  ordinary.returnFilled();
  arena.own(first);
  assert.equal(arena.free, 1);
  ordinary.returnUnused(second);
  arena.release(first);
  assert.deepEqual([arena.free, arena.available], [2, 2]);
});

it('never hands out large buffers, which lie behind the ordinary ones and have room for more', () => {
  const arena = new CountedArena(2, 2);
  const large = arena.large.take();
  arena.own(large);
  assert.equal(large, arena.firstLarge);
  assert.deepEqual([arena.acquire(), arena.acquire(), arena.acquire()], [0, 1, NO_BUFFER]);
  assert.deepEqual([arena.free, arena.capacity], [1, 4]);
  assert.equal(arena.base(large), arena.base(1) + BUFFER_SIZE);
  assert.equal(arena.base(large + 1) - arena.base(large), HEADROOM + LARGE_SIZE);
  assert.equal(arena.memory.length, arena.base(large + 1) + HEADROOM + LARGE_SIZE);
  arena.release(large);
  assert.deepEqual([arena.large.available, arena.ordinary.available], [2, 0]);
});

it('keeps interned bytes outside of every buffer', () => {
  const arena = new CountedArena(2);
  const one = arena.intern(Buffer.from('HTTP/1.1 '));
  const two = arena.intern(Buffer.from('200 OK'));
  for (const buffer of [0, 1]) arena.memory.fill(1, arena.base(buffer), arena.base(buffer) + BUFFER_SIZE);
  assert.equal(Buffer.from(arena.memory.subarray(one.start, two.end)).toString(), 'HTTP/1.1 200 OK');
  assert.throws(() => arena.intern(new Uint8Array(1 << 20)), /interned bytes/);
});

it('has memory whose slices are copies', () => {
  const { memory } = new CountedArena(1);
  const kept = memory.slice(0, 1);
  memory[0] = 1;
  assert.equal(kept[0], 0);
});
