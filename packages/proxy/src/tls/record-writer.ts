import { type Arena, BUFFER_SIZE, NO_BUFFER } from '../reactor/arena.ts';
import { RangeQueue } from '../reactor/range-queue.ts';
import type { Connection } from '../reactor/reactor.ts';
import { BIO_CTRL_RESET, BIO_ctrl, BIO_ctrl_pending, BIO_read, SSL_write } from './ffi/openssl.ts';
import type { TlsLibrary } from './library.ts';

/** The most that one record carries (RFC 8446 section 5.1). It fits, encrypted, into one buffer. */
const MAX_RECORD = 16 * 1024;

const ALERT = 21;
const FATAL = 2;

/** The sending side of a secure connection: from plain ranges to records on the connection beneath. */
export class RecordWriter {
  /** Plain bytes that have not been encrypted yet. Ranges go out in order. */
  readonly waiting = new RangeQueue();
  readonly #arena: Arena;
  readonly #library: TlsLibrary;
  readonly #raw: Connection;

  constructor(arena: Arena, library: TlsLibrary, raw: Connection) {
    this.#arena = arena;
    this.#library = library;
    this.#raw = raw;
  }

  /** Encrypts and sends what waits, as far as there are buffers. False: TLS does not take it. */
  write(ssl: number): boolean {
    const { waiting } = this;
    const arena = this.#arena;
    const { arenaAddress, output } = this.#library;
    while (waiting.length > 0) {
      const record = arena.acquire();
      if (record === NO_BUFFER) return true;
      const start = waiting.start(0);
      const size = Math.min(MAX_RECORD, waiting.end(0) - start);
      if (SSL_write(ssl, arenaAddress + start, size) !== size) {
        arena.release(record);
        return false;
      }
      waiting.consume(size, arena);
      const base = arena.base(record);
      const read = BIO_read(output, arenaAddress + base, BUFFER_SIZE);
      this.#raw.send(record, base, base + read);
      if (read === BUFFER_SIZE && !this.flush()) return false;
    }
    return true;
  }

  /** Sends what OpenSSL has to say for itself. False: there is no buffer for it, and it is lost. */
  flush(): boolean {
    const arena = this.#arena;
    const { arenaAddress, output } = this.#library;
    while (BIO_ctrl_pending(output) > 0) {
      const record = arena.acquire();
      if (record === NO_BUFFER) {
        BIO_ctrl(output, BIO_CTRL_RESET, 0, 0);
        return false;
      }
      const base = arena.base(record);
      const read = BIO_read(output, arenaAddress + base, BUFFER_SIZE);
      this.#raw.send(record, base, base + read);
    }
    return true;
  }

  /** A fatal alert in the clear, before there are keys. */
  sendAlert(description: number): void {
    const record = this.#arena.acquire();
    if (record === NO_BUFFER) return;
    const base = this.#arena.base(record);
    this.#arena.memory.set([ALERT, 3, 1, 0, 2, FATAL, description], base);
    this.#raw.send(record, base, base + 7);
  }
}
