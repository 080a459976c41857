import { type Arena, HEADROOM, NO_BUFFER, RECEIVE_SIZE } from '../reactor/arena.ts';
import { takeError } from './ffi/errors.ts';
import {
  BIO_CTRL_RESET,
  BIO_ctrl,
  BIO_ctrl_pending,
  BIO_write,
  SSL_ERROR_WANT_READ,
  SSL_ERROR_ZERO_RETURN,
  SSL_get_error,
  SSL_read,
} from './ffi/openssl.ts';
import type { TlsLibrary } from './library.ts';

/**
 * The receiving side of a secure connection: from records to plain ranges, which it leaves in `TlsLibrary.decrypted` for
 * the caller to take at once. Whatever was fed is taken out of OpenSSL by the next `read`, but for the beginning of a
 * record.
 */
export class RecordReader {
  /** The peer has ended in order (close_notify, RFC 8446 section 6.1). */
  ended = false;
  readonly #arena: Arena;
  readonly #library: TlsLibrary;
  /** Decrypted while there was no buffer to put it into: the rest of one receive, so at most two records. */
  #spilled: Uint8Array[] | null = null;

  constructor(arena: Arena, library: TlsLibrary) {
    this.#arena = arena;
    this.#library = library;
  }

  /** Something that was decrypted waits for a buffer; nothing more should be fed meanwhile. */
  get starving(): boolean {
    return this.#spilled !== null;
  }

  /** Gives OpenSSL records, or parts of them: bytes of the arena. */
  feed(start: number, end: number): void {
    BIO_write(this.#library.input, this.#library.arenaAddress + start, end - start);
  }

  /** Decrypts what was fed, beginning with `buffer`, of which one count comes with it. Returns what went wrong, or ''. */
  read(ssl: number, buffer: number): string {
    const arena = this.#arena;
    const { input, arenaAddress, decrypted, memory } = this.#library;
    for (;;) {
      if (buffer === NO_BUFFER) buffer = arena.acquire();
      const spills = buffer === NO_BUFFER;
      const start = spills ? 0 : arena.base(buffer) + HEADROOM;
      const size = SSL_read(ssl, spills ? memory.address : arenaAddress + start, RECEIVE_SIZE);
      if (size <= 0) {
        if (buffer !== NO_BUFFER) arena.release(buffer);
        return this.#stop(SSL_get_error(ssl, size));
      }
      if (spills) (this.#spilled ??= []).push(memory.bytes.slice(0, size));
      else decrypted.push(buffer, start, start + size);
      buffer = NO_BUFFER;
      // At most one record is in OpenSSL at a time, and no more than it holds was read.
      if (BIO_ctrl_pending(input) === 0) return '';
    }
  }

  /** Puts what had no buffer into buffers, as far as there are some now. */
  unspill(): void {
    const arena = this.#arena;
    const spilled = this.#spilled;
    while (spilled !== null && spilled.length > 0) {
      const buffer = arena.acquire();
      if (buffer === NO_BUFFER) return;
      const bytes = spilled.shift()!;
      const start = arena.base(buffer) + HEADROOM;
      arena.memory.set(bytes, start);
      this.#library.decrypted.push(buffer, start, start + bytes.length);
    }
    this.#spilled = null;
  }

  /** Nothing more is read: what is left behind the end, or behind what cannot be understood, is not kept for others. */
  discard(): void {
    BIO_ctrl(this.#library.input, BIO_CTRL_RESET, 0, 0);
  }

  drop(): void {
    this.#spilled = null;
  }

  #stop(error: number): string {
    if (error === SSL_ERROR_WANT_READ) return '';
    this.discard();
    if (error !== SSL_ERROR_ZERO_RETURN) return takeError();
    this.ended = true;
    return '';
  }
}
