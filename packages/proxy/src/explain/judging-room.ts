import { DateLine } from '../http1/date-line.ts';
import { InsertBlock } from '../http1/insert-block.ts';
import type { StaticRange } from '../reactor/arena.ts';
import { TokenCache } from '../stickiness/token-cache.ts';
import { RequestIds } from '../telemetry/request-ids.ts';

/** Where the request is put: room to grow in front, and more than any head may take. */
const HEAD_START = 1_024;
const HEAD_SIZE = 128 * 1_024;
/** For the blocks that lines and answers are composed in. */
const BLOCKS = 128 * 1_024;

/**
 * What judging a request takes of a worker, on the owner's thread: memory for one request at a time, and what rules
 * write into it. Requests are judged by the same code as on workers, over copies of what that would change.
 */
export class JudgingRoom {
  readonly memory: Uint8Array = new Uint8Array(HEAD_START + HEAD_SIZE + BLOCKS);
  readonly lines: InsertBlock;
  readonly answer: InsertBlock;
  readonly date: DateLine;
  readonly requestIds = new RequestIds();
  readonly tokens = new TokenCache();
  readonly reactor: { wallTime: number };
  #taken = HEAD_START + HEAD_SIZE;

  /** `wallTime`: Unix milliseconds. */
  constructor(wallTime: number) {
    this.reactor = { wallTime };
    this.lines = new InsertBlock(this);
    this.answer = new InsertBlock(this);
    this.date = new DateLine(this, this.reactor);
  }

  /** As `Arena.intern`. */
  intern(bytes: Uint8Array): StaticRange {
    const start = this.#taken;
    this.#taken += bytes.length;
    if (this.#taken > this.memory.length) throw new RangeError('a judging room has no more room');
    this.memory.set(bytes, start);
    return { start, end: this.#taken };
  }

  /** Puts a head where it can be parsed; null: it is longer than any that is accepted. */
  place(head: Uint8Array): { readonly start: number; readonly end: number } | null {
    if (head.length > HEAD_SIZE) return null;
    this.memory.set(head, HEAD_START);
    return { start: HEAD_START, end: HEAD_START + head.length };
  }
}
