import { type Arena, BUFFER_SIZE, NO_BUFFER } from './arena.ts';

/**
 * Ranges of arena memory in order: what waits to be sent, or what came while nobody wanted it. Triples in one array
 * that is reused; a queue that never holds more than one range never grows. Bounded by who fills it: every range but
 * interned ones holds a count of a buffer.
 */
export class RangeQueue {
  /** Sum of the ranges' lengths. */
  bytes = 0;
  readonly #items: number[] = [];
  #head = 0;
  #tail = 0;

  get length(): number {
    return (this.#tail - this.#head) / 3;
  }

  /** Ranges that hold a count of a buffer: all but interned ones. */
  get buffers(): number {
    let buffers = 0;
    for (let at = this.#head; at < this.#tail; at += 3) if (this.#items[at] !== NO_BUFFER) buffers++;
    return buffers;
  }

  push(buffer: number, start: number, end: number): void {
    const items = this.#items;
    if (this.#head > 96 && this.#head * 2 > this.#tail) this.#compact();
    const tail = this.#tail;
    items[tail] = buffer;
    items[tail + 1] = start;
    items[tail + 2] = end;
    this.#tail = tail + 3;
    this.bytes += end - start;
  }

  /**
   * Puts a range behind the last one, into its buffer, when there is room: the queue must own the only count of it, and
   * the range's own buffer is released. Otherwise the range is pushed. So many small ranges share few buffers.
   */
  append(buffer: number, start: number, end: number, arena: Arena): void {
    const tail = this.#tail;
    if (tail > this.#head) {
      const items = this.#items;
      const to = items[tail - 1];
      if (to + end - start <= arena.base(items[tail - 3]) + BUFFER_SIZE) {
        arena.memory.copyWithin(to, start, end);
        items[tail - 1] = to + end - start;
        this.bytes += end - start;
        arena.release(buffer);
        return;
      }
    }
    this.push(buffer, start, end);
  }

  /** Parts of the range at `index`, counted from the front. */
  buffer(index: number): number {
    return this.#items[this.#head + index * 3];
  }

  start(index: number): number {
    return this.#items[this.#head + index * 3 + 1];
  }

  end(index: number): number {
    return this.#items[this.#head + index * 3 + 2];
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
    const head = this.#head;
    this.bytes -= this.#items[head + 2] - this.#items[head + 1];
    this.#head = head + 3;
    if (this.#head === this.#tail) {
      this.#head = 0;
      this.#tail = 0;
    }
  }

  /** Takes `count` bytes from the front, releasing the buffers of ranges that are used up. Returns how many those were. */
  consume(count: number, arena: Arena): number {
    let finished = 0;
    while (this.#head < this.#tail) {
      const head = this.#head;
      const length = this.#items[head + 2] - this.#items[head + 1];
      if (length > count) {
        this.#items[head + 1] += count;
        this.bytes -= count;
        break;
      }
      arena.release(this.#items[head]);
      this.shift();
      count -= length;
      finished++;
    }
    return finished;
  }

  /** Releases everything behind the first `keep` ranges. */
  truncate(keep: number, arena: Arena): void {
    while (this.length > keep) {
      this.#tail -= 3;
      const tail = this.#tail;
      this.bytes -= this.#items[tail + 2] - this.#items[tail + 1];
      if (this.#items[tail] !== NO_BUFFER) arena.release(this.#items[tail]);
    }
    if (this.#head === this.#tail) {
      this.#head = 0;
      this.#tail = 0;
    }
  }

  #compact(): void {
    this.#items.copyWithin(0, this.#head, this.#tail);
    this.#tail -= this.#head;
    this.#head = 0;
  }
}
