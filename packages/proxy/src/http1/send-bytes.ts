import { type Arena, BUFFER_SIZE, NO_BUFFER } from '../reactor/arena.ts';

type Send = (buffer: number, start: number, end: number) => void;

const LINE_END = Uint8Array.of(13, 10);
const LAST_CHUNK = Uint8Array.from('\r\n0\r\n\r\n', (character) => character.charCodeAt(0));

/** Sends bytes in buffers of their own, one count of each with it. False: there are not enough, and nothing was sent. */
export function sendBytes(arena: Arena, parts: readonly Uint8Array[], send: Send): boolean {
  const length = parts.reduce((sum, part) => sum + part.length, 0);
  if (arena.available < Math.ceil(length / BUFFER_SIZE)) return false;
  let buffer = NO_BUFFER;
  let at = 0;
  let limit = 0;
  for (const part of parts) {
    for (let copied = 0; copied < part.length; ) {
      if (at === limit) {
        if (buffer !== NO_BUFFER) send(buffer, limit - BUFFER_SIZE, limit);
        buffer = arena.acquire();
        if (buffer === NO_BUFFER) throw new Error('an arena has fewer buffers than it says');
        at = arena.base(buffer);
        limit = at + BUFFER_SIZE;
      }
      const count = Math.min(limit - at, part.length - copied);
      arena.memory.set(part.subarray(copied, copied + count), at);
      at += count;
      copied += count;
    }
  }
  if (buffer !== NO_BUFFER) send(buffer, limit - BUFFER_SIZE, at);
  return true;
}

/** The same as one chunk (RFC 9112 section 7.1). `bytes` is not empty. */
export function sendChunk(arena: Arena, bytes: Uint8Array, send: Send): boolean {
  return sendBytes(arena, [sizeLine(bytes), bytes, LINE_END], send);
}

/** The same as the last chunk but one, and the last one. */
export function sendLastChunk(arena: Arena, bytes: Uint8Array, send: Send): boolean {
  return sendBytes(arena, [sizeLine(bytes), bytes, LAST_CHUNK], send);
}

function sizeLine(bytes: Uint8Array): Uint8Array {
  return new TextEncoder().encode(`${bytes.length.toString(16)}\r\n`);
}
