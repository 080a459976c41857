import { closeSync, fstatSync, openSync, renameSync, writeSync } from 'node:fs';

export interface LogLimits {
  /** Bytes of one file. */
  readonly size: number;
  /** Files that are kept, the current one included. */
  readonly files: number;
}

export const LOG_LIMITS: LogLimits = { size: 8 * 1024 * 1024, files: 4 };

/**
 * Lines appended to `path`; a full file becomes `path.1`, that `path.2`, and the oldest goes. A line that cannot be
 * written (full disk) is dropped and counted: a log never stops what it is about. The first of a row is told of.
 */
export class LogFile {
  readonly #path: string;
  readonly #limits: LogLimits;
  readonly #onTrouble: (error: Error) => void;
  #failing = false;
  #file: number | null = null;
  #size = 0;
  dropped = 0;

  constructor(path: string, limits: LogLimits = LOG_LIMITS, onTrouble: (error: Error) => void = () => {}) {
    this.#path = path;
    this.#limits = limits;
    this.#onTrouble = onTrouble;
  }

  write(line: string): void {
    const bytes = Buffer.from(`${line}\n`);
    try {
      this.#file ??= this.#open();
      if (this.#size > 0 && this.#size + bytes.length > this.#limits.size) {
        this.#rotate();
        this.#file = this.#open();
      }
      writeSync(this.#file, bytes);
      this.#size += bytes.length;
      this.#failing = false;
    } catch (error) {
      this.dropped += 1;
      if (!this.#failing) this.#onTrouble(error as Error);
      this.#failing = true;
    }
  }

  close(): void {
    if (this.#file !== null) closeSync(this.#file);
    this.#file = null;
  }

  #open(): number {
    const file = openSync(this.#path, 'a', 0o600);
    this.#size = fstatSync(file).size;
    return file;
  }

  #rotate(): void {
    this.close();
    for (let i = this.#limits.files - 1; i >= 1; i--) {
      try {
        renameSync(i === 1 ? this.#path : `${this.#path}.${i - 1}`, `${this.#path}.${i}`);
      } catch (error) {
        // The older ones come into being one by one.
        if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
      }
    }
  }
}
