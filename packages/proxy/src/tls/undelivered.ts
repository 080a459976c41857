import type { Arena } from '../reactor/arena.ts';
import { RangeQueue } from '../reactor/range-queue.ts';
import type { Connection } from '../reactor/reactor.ts';

/** What a connection has decrypted while nobody wanted it. */
export class Undelivered {
  #ranges: RangeQueue | null = null;

  get empty(): boolean {
    return this.#ranges === null || this.#ranges.length === 0;
  }

  /** Keeps a range; one count of the buffer comes with it. */
  keep(buffer: number, start: number, end: number): void {
    this.#ranges ??= new RangeQueue();
    this.#ranges.push(buffer, start, end);
  }

  /** Hands the first range to the connection's handler; there has to be one. */
  handOn(connection: Connection): void {
    const ranges = this.#ranges!;
    const [buffer, start, end] = [ranges.buffer(0), ranges.start(0), ranges.end(0)];
    ranges.shift();
    connection.handler.onReceive(connection, buffer, start, end);
  }

  drop(arena: Arena): void {
    this.#ranges?.truncate(0, arena);
  }
}
