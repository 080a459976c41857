import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { HEADROOM, NO_BUFFER, RECEIVE_SIZE } from '../reactor/arena.ts';
import { CountedArena } from '../reactor/counted-arena.ts';
import { hasLineEnd, MAX_HEAD, PartialHead } from './partial-head.ts';

/** An arena and a buffer of it in which pieces arrive, one after the other in the same place. */
function wire(): { arena: CountedArena; arrive: (text: string) => [start: number, end: number] } {
  const arena = new CountedArena(3);
  const start = arena.base(arena.acquire()) + HEADROOM;
  return {
    arena,
    arrive: (text) => {
      arena.memory.set(Buffer.from(text, 'latin1'), start);
      return [start, start + text.length];
    },
  };
}

describe('partial head', () => {
  it('puts pieces together that arrived in the same memory', () => {
    const { arena, arrive } = wire();
    const partial = new PartialHead();
    partial.keep(arena.memory, ...arrive('GET / HT'));
    assert.ok(partial.extend(arena.memory, ...arrive('TP/1.')));
    const [start, end] = arrive('1\r\nHost: a\r\n\r\n');
    assert.ok(partial.join(arena, start, end));
    const text = Buffer.from(arena.memory.subarray(partial.start, partial.end)).toString('latin1');
    assert.equal(text, 'GET / HTTP/1.1\r\nHost: a\r\n\r\n');
    assert.equal(partial.rest, end);
    assert.equal(partial.waiting, false);
    arena.release(partial.buffer);
    assert.equal(arena.free, 2);
  });

  it('leaves over what has no room', () => {
    const { arena, arrive } = wire();
    const partial = new PartialHead();
    partial.keep(arena.memory, ...arrive('x'.repeat(RECEIVE_SIZE - 3)));
    const [start, end] = arrive('12345\n');
    assert.ok(partial.join(arena, start, end));
    assert.equal(partial.end - partial.start, RECEIVE_SIZE);
    assert.equal(partial.rest, start + 3);
  });

  it('says when a head becomes too large, and when there is no buffer', () => {
    const { arena, arrive } = wire();
    const partial = new PartialHead();
    partial.keep(arena.memory, ...arrive('x'));
    assert.equal(partial.extend(arena.memory, ...arrive('y'.repeat(MAX_HEAD - 1))), false);
    while (arena.acquire() !== NO_BUFFER);
    assert.equal(partial.join(arena, ...arrive('\n')), false);
    assert.equal(partial.waiting, true);
    partial.clear();
    assert.equal(partial.waiting, false);
  });

  it('knows whether a piece can complete a head', () => {
    const { arena, arrive } = wire();
    assert.equal(hasLineEnd(arena.memory, ...arrive('a\r')), false);
    assert.equal(hasLineEnd(arena.memory, ...arrive('a\n')), true);
  });
});
