import type { Logger } from 'pino';
import type { Clock, Timer } from '../clock/clock.ts';
import type { LogFile } from './log-file.ts';
import { endOfLines } from './whole-lines.ts';

/**
 * Milliseconds between two drains of the workers' rings, which hold twice as much or more of a worker at full speed. Each
 * drain takes a core, and what is in its caches, from a worker that shares it: with 20 ms such a worker carries a tenth
 * fewer requests.
 */
const DRAIN = 50;
/** Milliseconds to wait before a file that failed is opened again. */
const REOPEN = 1000;

/** Bytes that are given a format in one go: about a millisecond's worth. */
const PIECE = 64 * 1024;

export interface AccessLogOptions {
  /** Complete lines from the data plane, which stay as they are until the next call; null when there are none. */
  readonly read: () => Uint8Array | null;
  readonly file: Pick<LogFile, 'append' | 'close'>;
  /** What gives lines another format, as of now; null: they are written as they are. */
  readonly format?: () => ((lines: Uint8Array) => Uint8Array) | null;
  readonly clock: Clock;
  readonly log: Logger;
}

/**
 * Carries access-log lines from the data plane's rings to the file. One write is under way at a time and nothing is
 * taken from the rings meanwhile: on a slow disk the rings fill and the workers count what they drop, so memory stays
 * bounded and traffic never waits. On a disk that fails, lines are dropped and counted here until it works again.
 */
export class AccessLog {
  readonly #options: AccessLogOptions;
  #timer: Timer | null = null;
  #draining: Promise<void> | null = null;
  #reopen = false;
  #retryAt = 0;
  #failing = false;
  #dropped = 0;
  #writtenBytes = 0;

  constructor(options: AccessLogOptions) {
    this.#options = options;
  }

  /** Lines dropped here. */
  get dropped(): number {
    return this.#dropped;
  }

  get writtenBytes(): number {
    return this.#writtenBytes;
  }

  get failing(): boolean {
    return this.#failing;
  }

  start(): void {
    this.#timer = this.#options.clock.setTimer(DRAIN, () => {
      void this.drain().then(() => {
        if (this.#timer !== null) this.start();
      });
    });
  }

  /** Has the file opened anew before the next write: a log rotator has moved it. */
  reopen(): void {
    this.#reopen = true;
  }

  /** Writes what is in the rings now. Never rejects. */
  drain(): Promise<void> {
    this.#draining ??= this.#drain().finally(() => {
      this.#draining = null;
    });
    return this.#draining;
  }

  /** Writes what is left, waiting for the disk at most `milliseconds`. */
  async stop(milliseconds: number): Promise<void> {
    this.#timer?.cancel();
    this.#timer = null;
    const { promise: late, resolve } = Promise.withResolvers<void>();
    const timer = this.#options.clock.setTimer(milliseconds, resolve);
    await Promise.race([late, this.#finish()]);
    timer.cancel();
  }

  async #finish(): Promise<void> {
    // A drain that is under way may have looked into the rings before the last lines were there.
    await this.#draining;
    await this.drain();
    await this.#close();
  }

  async #drain(): Promise<void> {
    if (this.#reopen) {
      this.#reopen = false;
      await this.#close();
    }
    for (let lines = this.#options.read(); lines !== null; lines = this.#options.read()) {
      const format = this.#options.format?.() ?? null;
      if (format === null) await this.#append(lines);
      else for (const piece of piecesOf(lines)) await this.#append(format(piece));
    }
  }

  async #append(lines: Uint8Array): Promise<void> {
    const { clock, file, log } = this.#options;
    if (this.#failing && clock.now() < this.#retryAt) {
      this.#dropped += countLines(lines);
      return;
    }
    try {
      await file.append(lines);
      this.#writtenBytes += lines.length;
      if (this.#failing) log.info({ dropped: this.#dropped }, 'the access log can be written again');
      this.#failing = false;
    } catch (error) {
      this.#dropped += countLines(lines);
      if (!this.#failing) log.error({ err: error }, 'the access log cannot be written; lines are dropped and counted');
      this.#failing = true;
      this.#retryAt = clock.now() + REOPEN;
      await this.#close();
    }
  }

  async #close(): Promise<void> {
    await this.#options.file.close().catch((error) => this.#options.log.warn({ err: error }, 'closing the access log'));
  }
}

/** Whole lines at a time, so that giving them a format never keeps the thread for long. */
function* piecesOf(lines: Uint8Array): Generator<Uint8Array> {
  for (let start = 0; start < lines.length; ) {
    const end = endOfLines(lines, start, PIECE);
    yield lines.subarray(start, end);
    start = end;
  }
}

function countLines(bytes: Uint8Array): number {
  let lines = 0;
  for (let at = bytes.indexOf(10); at >= 0; at = bytes.indexOf(10, at + 1)) lines++;
  return lines;
}
