import type { Arena } from '../reactor/arena.ts';
import type { InsertBlock } from './insert-block.ts';
import { sendBytes } from './send-bytes.ts';

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
  return sendBytes(arena, body === null ? [head] : [head, body], send);
}
