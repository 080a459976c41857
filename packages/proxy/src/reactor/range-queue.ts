import { type Arena, BUFFER_SIZE, NO_BUFFER } from './arena.ts';

/**
 * Ranges of arena memory in order: what waits to be sent, or what came while nobody wanted it. The front one lies in the
 * queue itself, so that a queue that never holds more than one is all of one piece; those behind it are triples in an
 * array that is reused. Bounded by who fills it: every range but interned ones holds a count of a buffer.
 */
export class RangeQueue {
  /** Sum of the ranges' lengths. */
  bytes = 0;
  length = 0;
  /** The front range. */
  #buffer = NO_BUFFER;
  #start = 0;
  #end = 0;
  /** Those behind it, from #head to #tail; made when there is a second one. */
  #rest: number[] | null = null;
  #head = 0;
  #tail = 0;

  /** Ranges that hold a count of a buffer: all but interned ones. */
  get buffers(): number {
    let buffers = 0;
    for (let i = 0; i < this.length; i++) if (this.buffer(i) !== NO_BUFFER) buffers++;
    return buffers;
  }

  push(buffer: number, start: number, end: number): void {
    this.bytes += end - start;
    if (this.length++ > 0) {
      this.#pushBehind(buffer, start, end);
      return;
    }
    this.#buffer = buffer;
    this.#start = start;
    this.#end = end;
  }

  /**
   * Puts a range behind the last one, into its buffer, when there is room: the queue must own the only count of it, and
   * the range's own buffer is released. Otherwise the range is pushed. So many small ranges share few buffers.
   */
  append(buffer: number, start: number, end: number, arena: Arena): void {
    const last = this.length - 1;
    const to = last < 0 ? 0 : this.end(last);
    if (last < 0 || to + end - start > arena.base(this.buffer(last)) + BUFFER_SIZE) {
      this.push(buffer, start, end);
      return;
    }
    arena.memory.copyWithin(to, start, end);
    if (last === 0) this.#end = to + end - start;
    else this.#behind[this.#tail - 1] = to + end - start;
    this.bytes += end - start;
    arena.release(buffer);
  }

  /** Parts of the range at `index`, counted from the front. */
  buffer(index: number): number {
    return index === 0 ? this.#buffer : this.#behind[this.#head + index * 3 - 3];
  }

  start(index: number): number {
    return index === 0 ? this.#start : this.#behind[this.#head + index * 3 - 2];
  }

  end(index: number): number {
    return index === 0 ? this.#end : this.#behind[this.#head + index * 3 - 1];
  }

  /** How many ranges at the front, up to `ranges`, have no more than `bytes` together; at least one, which may have more. */
  within(ranges: number, bytes: number): number {
    const most = Math.min(this.length, ranges);
    if (this.bytes <= bytes) return most;
    let count = 1;
    for (let sum = this.end(0) - this.start(0); count < most; count++) {
      sum += this.end(count) - this.start(count);
      if (sum > bytes) break;
    }
    return count;
  }

  /** Takes the front range away without touching its count. */
  shift(): void {
    this.bytes -= this.#end - this.#start;
    if (--this.length === 0) return;
    const behind = this.#behind;
    const head = this.#head;
    this.#buffer = behind[head];
    this.#start = behind[head + 1];
    this.#end = behind[head + 2];
    this.#head = head + 3;
    if (this.length === 1) this.#head = this.#tail = 0;
  }

  /** Takes `count` bytes from the front, releasing the buffers of ranges that are used up. Returns how many those were. */
  consume(count: number, arena: Arena): number {
    let finished = 0;
    while (this.length > 0) {
      const length = this.#end - this.#start;
      if (length > count) {
        this.#start += count;
        this.bytes -= count;
        break;
      }
      arena.release(this.#buffer);
      this.shift();
      count -= length;
      finished++;
    }
    return finished;
  }

  /** Releases everything behind the first `keep` ranges. */
  truncate(keep: number, arena: Arena): void {
    while (this.length > keep) {
      const last = this.length - 1;
      this.bytes -= this.end(last) - this.start(last);
      if (this.buffer(last) !== NO_BUFFER) arena.release(this.buffer(last));
      this.length = last;
      if (last > 0) this.#tail -= 3;
      if (last === 1) this.#head = this.#tail = 0;
    }
  }

  get #behind(): number[] {
    return (this.#rest ??= []);
  }

  #pushBehind(buffer: number, start: number, end: number): void {
    const behind = this.#behind;
    if (this.#head > 96 && this.#head * 2 > this.#tail) this.#compact(behind);
    const tail = this.#tail;
    behind[tail] = buffer;
    behind[tail + 1] = start;
    behind[tail + 2] = end;
    this.#tail = tail + 3;
  }

  #compact(behind: number[]): void {
    behind.copyWithin(0, this.#head, this.#tail);
    this.#tail -= this.#head;
    this.#head = 0;
  }
}
