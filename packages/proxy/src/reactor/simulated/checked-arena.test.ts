import assert from 'node:assert/strict';
import { test } from 'node:test';
import { BUFFER_SIZE, NO_BUFFER } from '../arena.ts';
import { CheckedArena } from './checked-arena.ts';
import { Violation } from './violation.ts';

test('gives out every buffer once and counts those that are free', () => {
  const arena = new CheckedArena(2);
  const first = arena.acquire();
  const second = arena.acquire();
  assert.notEqual(first, second);
  assert.equal(arena.acquire(), NO_BUFFER);
  assert.equal(arena.free, 0);
  arena.release(second);
  assert.equal(arena.acquire(), second);
  assert.equal(arena.peak, 2);
});

test('a retained buffer is free after as many releases', () => {
  const arena = new CheckedArena(1);
  const buffer = arena.acquire();
  arena.retain(buffer);
  arena.release(buffer);
  assert.equal(arena.free, 0);
  arena.release(buffer);
  assert.equal(arena.free, 1);
});

test('notices a double release, a retain after release and a send after release', () => {
  const arena = new CheckedArena(1);
  const buffer = arena.acquire();
  const base = arena.base(buffer);
  arena.release(buffer);
  assert.throws(() => arena.release(buffer), Violation);
  assert.throws(() => arena.retain(buffer), Violation);
  assert.throws(() => arena.assertSendable(buffer, base, base + 1), Violation);
});

test('notices writing after release', () => {
  const arena = new CheckedArena(1);
  const buffer = arena.acquire();
  arena.release(buffer);
  arena.memory[arena.base(buffer) + BUFFER_SIZE - 1] = 0;
  assert.throws(() => arena.acquire(), /written to after its release/);
});

test('notices a range outside of its buffer and outside of interned bytes', () => {
  const arena = new CheckedArena(2);
  const buffer = arena.acquire();
  const base = arena.base(buffer);
  arena.assertSendable(buffer, base, base + BUFFER_SIZE);
  assert.throws(() => arena.assertSendable(buffer, base, base + BUFFER_SIZE + 1), Violation);
  const range = arena.intern(Buffer.from('constant'));
  arena.assertSendable(NO_BUFFER, range.start, range.end);
  assert.throws(() => arena.assertSendable(NO_BUFFER, range.start, range.end + 1), Violation);
  assert.throws(() => arena.assertSendable(NO_BUFFER, base, base + 1), Violation);
});
