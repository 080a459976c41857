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
  /** Decrypted while there was no buffer to put it into: the rest of one receive, so less than two buffers full. */
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

  /**
   * Decrypts what was fed, beginning with `buffer`, of which one count comes with it. However small the records are,
   * a buffer is filled before the next one is taken. Returns what went wrong, or ''.
   */
  read(ssl: number, buffer: number): string {
    const arena = this.#arena;
    const { input, arenaAddress, memory } = this.#library;
    let filled = 0;
    for (;;) {
      const spills = buffer === NO_BUFFER;
      const to = spills ? memory.address : arenaAddress + arena.base(buffer) + HEADROOM;
      const room = RECEIVE_SIZE - filled;
      const size = SSL_read(ssl, to + filled, room);
      if (size > 0) filled += size;
      // At most one record is in OpenSSL at a time: when less than there is room for was read, it is used up.
      if (size <= 0 || (size < room && BIO_ctrl_pending(input) === 0)) {
        this.#keep(buffer, filled);
        return size <= 0 ? this.#stop(SSL_get_error(ssl, size)) : '';
      }
      if (size < room) continue;
      this.#keep(buffer, filled);
      // What comes behind spilled bytes is spilled as well, or it would overtake them.
      buffer = this.#spilled === null ? arena.acquire() : NO_BUFFER;
      filled = 0;
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

  /** Keeps what a buffer has been filled with, or a copy when there is none. */
  #keep(buffer: number, filled: number): void {
    const { decrypted, memory } = this.#library;
    if (filled === 0) {
      this.#arena.release(buffer);
    } else if (buffer === NO_BUFFER) {
      (this.#spilled ??= []).push(memory.bytes.slice(0, filled));
      memory.bytes.fill(0, 0, filled);
    } else {
      const start = this.#arena.base(buffer) + HEADROOM;
      decrypted.push(buffer, start, start + filled);
    }
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
