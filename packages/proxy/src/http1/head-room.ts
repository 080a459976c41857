import { type Arena, BUFFER_SIZE, NO_BUFFER } from '../reactor/arena.ts';
import type { ForwardedLines } from '../source-address/forwarded-lines.ts';
import type { RequestHead } from './request-head.ts';

/**
 * Makes sure that a head can grow by what is told of the client: usually the headroom of its buffer is enough. When it is
 * not, the head and the part of the body behind it, up to `end`, move to the far end of another buffer, and `head` with
 * them. Returns the buffer that the head lies in now, with a count for the caller; `NO_BUFFER` when none is free or none
 * is large enough.
 */
export function makeHeadRoom(
  arena: Arena,
  head: RequestHead,
  lines: ForwardedLines,
  buffer: number,
  end: number,
): number {
  const { fields, host, methodStart } = head;
  const hostLength = host < 0 ? 0 : fields.valueEnd(host) - fields.valueStart(host);
  const growth = lines.growth + lines.hosts * hostLength;
  if (growth <= methodStart - arena.base(buffer)) return buffer;
  const length = end - methodStart;
  if (growth + length > BUFFER_SIZE) return NO_BUFFER;
  const fresh = arena.acquire();
  if (fresh === NO_BUFFER) return NO_BUFFER;
  const to = arena.base(fresh) + BUFFER_SIZE - length;
  arena.memory.copyWithin(to, methodStart, end);
  head.moveBy(to - methodStart);
  arena.release(buffer);
  return fresh;
}
