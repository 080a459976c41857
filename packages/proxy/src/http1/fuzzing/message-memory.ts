import { type Arena, HEADROOM, RECEIVE_SIZE } from '../../reactor/arena.ts';
import { DateLine } from '../date-line.ts';

/** Where messages begin, or up to 3 bytes behind; in front is room for heads to grow. */
export const BEGIN = HEADROOM;

const INTERNED = BEGIN + 8 * RECEIVE_SIZE;

/** A place for one message to be read and rewritten in: an arena of interned bytes and nothing else. */
export class MessageMemory {
  readonly memory = Buffer.alloc(INTERNED + 64 * 1024);
  readonly arena: Arena;
  /** It is 1970 here. */
  readonly date: DateLine;

  constructor() {
    let interned = INTERNED;
    const arena: Pick<Arena, 'memory' | 'intern'> = {
      memory: this.memory,
      intern: (bytes) => {
        const start = interned;
        this.memory.set(bytes, start);
        interned += bytes.length;
        return { start, end: interned };
      },
    };
    this.arena = arena as Arena;
    this.date = new DateLine(arena, { wallTime: 0 });
  }

  /** Returns where the bytes end. */
  put(bytes: Uint8Array, start: number): number {
    if (bytes.length > INTERNED - start) throw new RangeError(`${bytes.length} bytes are too many for one message`);
    this.memory.set(bytes, start);
    return start + bytes.length;
  }
}
