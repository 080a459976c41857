import { write } from 'node:fs';
import { promisify } from 'node:util';
import { endOfLines } from './whole-lines.ts';

const writeBytes = promisify(write);

/** Milliseconds after which a descriptor that would block is tried again. */
const RETRY = 5;
/** What a pipe takes in one piece, so that nobody else's text comes between (POSIX: PIPE_BUF). */
const PIECE = 4_096;
const NEW_LINE = 10;

/**
 * A descriptor, such as standard output, to which whole lines are written. Writes run beside the main thread and wait for
 * a slow reader; whoever appends waits with them, and takes nothing more from the workers meanwhile. Not for calls at the
 * same time.
 */
export class LogStream {
  readonly #descriptor: number;
  /** A write broke off within a line. */
  #torn = false;

  constructor(descriptor: number) {
    this.#descriptor = descriptor;
  }

  /** Rejects when nobody reads any more; part of the lines may have been read, and the next ones begin on a new line. */
  async append(lines: Uint8Array): Promise<void> {
    if (this.#torn) await this.#write(Uint8Array.of(NEW_LINE));
    for (let start = 0; start < lines.length; ) {
      const end = endOfLines(lines, start, PIECE);
      await this.#write(lines.subarray(start, end));
      start = end;
    }
  }

  /** The descriptor is not ours to close. */
  async close(): Promise<void> {}

  async #write(piece: Uint8Array): Promise<void> {
    for (let at = 0; at < piece.length; ) {
      try {
        const { bytesWritten } = await writeBytes(this.#descriptor, piece, at, piece.length - at);
        at += bytesWritten;
      } catch (error) {
        this.#torn ||= at > 0;
        if ((error as NodeJS.ErrnoException).code !== 'EAGAIN') throw error;
        await new Promise((resolve) => setTimeout(resolve, RETRY));
      }
    }
    this.#torn = false;
  }
}
