import { readFileSync, statSync } from 'node:fs';
import { EXIT } from './exit-codes.ts';
import { CliFailure } from './failure.ts';
import type { Io } from './io.ts';

/** The text of a file; `-` is standard input. Throws a CliFailure, also when it has more bytes than `largest`. */
export async function readTextFile(path: string, io: Io, largest: number): Promise<string> {
  return guarded(path, () => (path === '-' ? io.readInput(largest) : readBytes(path, largest).toString('utf8')));
}

/** The bytes of a file, in the same way. */
export async function readBinaryFile(path: string, largest: number): Promise<Buffer> {
  return guarded(path, () => readBytes(path, largest));
}

/** How messages name a file. */
export function inputName(path: string): string {
  return path === '-' ? 'standard input' : path;
}

function readBytes(path: string, largest: number): Buffer {
  if (statSync(path).size > largest) throw new RangeError(`more than ${largest} bytes`);
  return readFileSync(path);
}

async function guarded<T>(path: string, read: () => T | Promise<T>): Promise<T> {
  try {
    return await read();
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT') throw new CliFailure(EXIT.usage, `there is no file ${path}.`);
    if (code === 'EISDIR') throw new CliFailure(EXIT.usage, `${path} is a folder: name the files in it.`);
    throw new CliFailure(EXIT.usage, `${inputName(path)} cannot be read: ${message}.`);
  }
}
