import { type FileHandle, mkdir, open, rename } from 'node:fs/promises';
import { dirname } from 'node:path';
import { endOfLines } from './whole-lines.ts';

export interface LogFileOptions {
  readonly path: string;
  /** Bytes after which the file is put aside and a new one begun. */
  readonly maxBytes: number;
  /** Files put aside that are kept: `<path>.1` is the newest. */
  readonly keep: number;
}

/** A file to which lines are appended, of bounded size. Not for calls at the same time. */
export class LogFile {
  readonly #options: LogFileOptions;
  #file: FileHandle | null = null;
  #size = 0;
  /** A write broke off within a line. */
  #torn = false;

  constructor(options: LogFileOptions) {
    this.#options = options;
  }

  /**
   * Appends whole lines. Rejects when the file cannot be opened or written; part of the lines may be in it then, and the
   * next write begins on a new line.
   */
  async append(lines: Uint8Array): Promise<void> {
    for (let start = 0; start < lines.length; ) {
      const end = endOfLines(lines, start, this.#options.maxBytes);
      await this.#appendPiece(lines.subarray(start, end));
      start = end;
    }
  }

  /** Lines that fit into one file, or a longer one. */
  async #appendPiece(lines: Uint8Array): Promise<void> {
    if (this.#size > 0 && this.#size + lines.length > this.#options.maxBytes) await this.#rotate();
    const file = this.#file ?? (await this.#open());
    if (this.#torn) {
      await this.#write(file, NEW_LINE);
      this.#torn = false;
    }
    await this.#write(file, lines);
  }

  /** The next write opens the path anew: someone has moved the file away, or what was wrong with it may be over. */
  async close(): Promise<void> {
    const file = this.#file;
    this.#file = null;
    this.#size = 0;
    await file?.close();
  }

  async #open(): Promise<FileHandle> {
    await mkdir(dirname(this.#options.path), { recursive: true });
    const file = await open(this.#options.path, 'a', 0o640);
    this.#file = file;
    this.#size = (await file.stat()).size;
    if (this.#size === 0) this.#torn = false;
    return file;
  }

  async #write(file: FileHandle, bytes: Uint8Array): Promise<void> {
    for (let at = 0; at < bytes.length; ) {
      const { bytesWritten } = await file.write(bytes, at);
      at += bytesWritten;
      this.#size += bytesWritten;
      this.#torn = at < bytes.length;
    }
  }

  async #rotate(): Promise<void> {
    const { path, keep } = this.#options;
    await this.close();
    for (let age = keep; age >= 1; age--) {
      const from = age === 1 ? path : `${path}.${age - 1}`;
      await rename(from, `${path}.${age}`).catch((error: NodeJS.ErrnoException) => {
        if (error.code !== 'ENOENT') throw error;
      });
    }
    if (keep === 0) await open(path, 'w').then((file) => file.close());
  }
}

const NEW_LINE = Uint8Array.of(10);
