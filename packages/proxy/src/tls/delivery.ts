import type { Arena } from '../reactor/arena.ts';
import { RangeQueue } from '../reactor/range-queue.ts';
import type { Connection } from '../reactor/reactor.ts';
import type { RecordReader } from './record-reader.ts';

/** The connection whose handler is told. */
export interface Deliverer extends Connection {
  /** Whether its handler may be told anything. */
  readonly isOpen: boolean;
}

/**
 * What has been decrypted, on its way to a connection's handler: in order, and not while the connection is paused. No
 * more is read while anything is kept, so that what is kept is of one receive at most.
 */
export class Delivery {
  paused = false;
  /** The peer is gone without having ended. */
  truncated = false;
  /** The handler has been told that the peer has ended. */
  endDelivered = false;
  readonly #connection: Deliverer;
  readonly #arena: Arena;
  readonly #reader: RecordReader;
  /** What came while nobody wanted it; null: nothing ever did. */
  #kept: RangeQueue | null = null;

  constructor(connection: Deliverer, arena: Arena, reader: RecordReader) {
    this.#connection = connection;
    this.#arena = arena;
    this.#reader = reader;
  }

  /** Something has been decrypted, or has happened, of which nobody has been told. */
  owes(): boolean {
    return this.#keeps() || this.truncated || (this.#reader.ended && !this.endDelivered);
  }

  /** Hands on what has just been decrypted, or keeps it. */
  handOn(decrypted: RangeQueue): void {
    const connection = this.#connection;
    while (decrypted.length > 0) {
      const [buffer, start, end] = [decrypted.buffer(0), decrypted.start(0), decrypted.end(0)];
      decrypted.shift();
      if (!connection.isOpen) this.#arena.release(buffer);
      else if (this.paused || this.#keeps()) {
        this.#kept ??= new RangeQueue();
        this.#kept.push(buffer, start, end);
      } else connection.handler.onReceive(connection, buffer, start, end);
    }
  }

  /** Hands on what was kept while paused. Returns whether nothing is left that the peer has sent. */
  handOnKept(): boolean {
    const connection = this.#connection;
    const kept = this.#kept;
    while (kept !== null && kept.length > 0 && !this.paused && connection.isOpen) {
      const [buffer, start, end] = [kept.buffer(0), kept.start(0), kept.end(0)];
      kept.shift();
      connection.handler.onReceive(connection, buffer, start, end);
    }
    return !this.paused && !this.#reader.starving && connection.isOpen;
  }

  drop(): void {
    this.#kept?.truncate(0, this.#arena);
    this.#reader.drop();
  }

  #keeps(): boolean {
    return this.#kept !== null && this.#kept.length > 0;
  }
}
