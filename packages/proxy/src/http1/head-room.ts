import { type Arena, BUFFER_SIZE, NO_BUFFER } from '../reactor/arena.ts';
import type { ForwardedLines } from '../source-address/forwarded-lines.ts';
import type { Body } from './body.ts';
import type { RequestHead } from './request-head.ts';
import type { ResponseHead } from './response-head.ts';

/** Most bytes by which a request's head grows by what is told of its client. */
export function growthOf(lines: ForwardedLines, { fields, host }: RequestHead): number {
  const hostLength = host < 0 ? 0 : fields.valueEnd(host) - fields.valueStart(host);
  return lines.growth + lines.hosts * hostLength;
}

/** Room for heads to grow; one object for a worker, whose fields are the outcome of the last call. */
export class HeadRoom {
  /** The buffer that the head lies in now. */
  buffer = NO_BUFFER;
  /** Where the request's part of it ends. */
  end = 0;
  /** Where the request's part of the buffer that was received ends. */
  bodyEnd = 0;
  /** Why there is no room: the status for the client. */
  status = 0;

  /**
   * Makes sure that a request's head can grow: usually the headroom of its buffer is enough. When it is not, or with
   * `apart`, the head and the body behind it up to `bodyEnd` move to the far end of another buffer, and `head` with
   * them; what of the body finds no room there stays where it is, to be taken like any that comes later. With `apart` the
   * caller keeps its count of the old buffer besides. False: there is no buffer, or none is large enough.
   */
  forRequest(
    arena: Arena,
    head: RequestHead,
    body: Body,
    growth: number,
    apart: boolean,
    buffer: number,
    bodyEnd: number,
  ): boolean {
    const { methodStart } = head;
    this.buffer = buffer;
    this.end = bodyEnd;
    this.bodyEnd = bodyEnd;
    if (!apart && growth <= methodStart - arena.base(buffer)) return true;
    const most = BUFFER_SIZE - growth - (head.end - methodStart);
    this.status = most < 0 ? 431 : 503;
    const fresh = most < 0 ? NO_BUFFER : arena.acquire();
    if (fresh === NO_BUFFER) return false;
    if (bodyEnd - head.end > most) {
      body.startRequest(head);
      this.bodyEnd = body.consume(arena.memory, head.end, head.end + most);
    }
    this.buffer = fresh;
    this.end = arena.base(fresh) + BUFFER_SIZE;
    const to = this.end - (this.bodyEnd - methodStart);
    arena.memory.copyWithin(to, methodStart, this.bodyEnd);
    head.moveBy(to - methodStart);
    if (!apart) arena.release(buffer);
    return true;
  }

  /**
   * The same for a response's head, which moves alone: `buffer` then holds the head, with a count for the caller, who
   * keeps the one of the old buffer. False: there is no buffer, or none is large enough.
   */
  forResponse(arena: Arena, head: ResponseHead, growth: number, buffer: number): boolean {
    this.buffer = buffer;
    if (growth <= head.start - arena.base(buffer)) return true;
    const length = head.end - head.start;
    this.status = growth + length > BUFFER_SIZE ? 502 : 503;
    const fresh = this.status === 502 ? NO_BUFFER : arena.acquire();
    if (fresh === NO_BUFFER) return false;
    this.buffer = fresh;
    const to = arena.base(fresh) + BUFFER_SIZE - length;
    arena.memory.copyWithin(to, head.start, head.end);
    head.moveBy(to - head.start);
    return true;
  }
}
