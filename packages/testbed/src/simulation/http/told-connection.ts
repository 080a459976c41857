import type { Closed, Connection, ConnectionHandler } from '@evenkeel/proxy/reactor/reactor.ts';
import { MALFORMED, ProxyHeaderReader } from '@evenkeel/proxy/source-address/proxy-protocol/header-reader.ts';

/** Who takes the connection over when its client is known. */
export interface ToldHandler extends ConnectionHandler {
  /** Address of the client that the connection was made for. */
  client: string | null;
}

/** A connection to an origin that begins with a PROXY header: reads it, and hands the rest on. */
export class ToldConnection implements ConnectionHandler {
  readonly #memory: Uint8Array;
  readonly #release: (buffer: number) => void;
  readonly #next: ToldHandler;
  readonly #onMalformed: () => void;
  #bytes: Buffer = Buffer.alloc(0);

  constructor(memory: Uint8Array, release: (buffer: number) => void, next: ToldHandler, onMalformed: () => void) {
    this.#memory = memory;
    this.#release = release;
    this.#next = next;
    this.#onMalformed = onMalformed;
  }

  onReceive(connection: Connection, buffer: number, start: number, end: number): void {
    const before = this.#bytes.length;
    this.#bytes = Buffer.concat([this.#bytes, this.#memory.subarray(start, end)]);
    const reader = new ProxyHeaderReader();
    const length = reader.read(this.#bytes, 0, this.#bytes.length);
    if (length <= 0) {
      this.#release(buffer);
      if (length !== MALFORMED) return;
      this.#onMalformed();
      connection.abort();
      return;
    }
    this.#next.client = reader.announced ? reader.source.toString() : '';
    connection.handler = this.#next;
    const rest = start + length - before;
    if (rest < end) this.#next.onReceive(connection, buffer, rest, end);
    else this.#release(buffer);
  }

  onConnected(): void {}
  onSent(): void {}

  onEnd(connection: Connection): void {
    connection.close();
  }

  onDeadline(connection: Connection): void {
    connection.abort();
  }

  onClosed(connection: Connection, reason: Closed): void {
    this.#next.onClosed(connection, reason);
  }
}
