import { type Arena, BUFFER_SIZE, NO_BUFFER } from '../reactor/arena.ts';
import type { InsertBlock } from './insert-block.ts';

/**
 * Sends an answer that has been put together: the head in `block`, and the body, if there is to be one, in buffers of
 * its own; one count of each goes to `send`. False: there are not enough buffers, and nothing was sent.
 */
export function sendComposed(
  arena: Arena,
  block: InsertBlock,
  body: Uint8Array | null,
  send: (buffer: number, start: number, end: number) => void,
): boolean {
  const head = arena.memory.subarray(block.start, block.end);
  const length = head.length + (body === null ? 0 : body.length);
  if (arena.available < Math.ceil(length / BUFFER_SIZE)) return false;
  for (let sent = 0; sent < length; ) {
    const buffer = arena.acquire();
    if (buffer === NO_BUFFER) throw new Error('an arena has fewer buffers than it says');
    const base = arena.base(buffer);
    let at = base;
    while (at < base + BUFFER_SIZE && sent < length) {
      const inHead = sent < head.length;
      const from = inHead ? head : (body ?? head);
      const offset = inHead ? sent : sent - head.length;
      const count = Math.min(base + BUFFER_SIZE - at, from.length - offset);
      arena.memory.set(from.subarray(offset, offset + count), at);
      at += count;
      sent += count;
    }
    send(buffer, base, at);
  }
  return true;
}
