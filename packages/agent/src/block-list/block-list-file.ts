import { createReadStream, existsSync } from 'node:fs';
import { appendFile, rename, rm, writeFile } from 'node:fs/promises';
import type { BlockListPosition } from '@evenkeel/model/plan/block-list.ts';
import type { Logger } from 'pino';
import { fields, flag, integer, text } from '../plan/shape.ts';

/** A part of the block lists as it came from the control plane. */
export interface BlockListPart {
  readonly reset: boolean;
  readonly position: BlockListPosition;
  readonly tenantId: string;
  readonly entries: Uint8Array;
}

const lineShape = fields({
  reset: flag,
  position: fields({ version: integer(0), nonce: text(64) }),
  tenantId: text(128),
  entries: text(16 * 1_048_576),
});

/**
 * Block lists on disk: a line of JSON for each part, in order. Once a line could not be written, none is until all are
 * written anew: a gap would be worse than an old list, which the control plane brings up to date.
 */
export class BlockListFile {
  readonly #path: string;
  readonly #log: Logger;
  #isBroken = false;
  /** One write after the other. */
  #last: Promise<void> = Promise.resolve();

  constructor(path: string, log: Logger) {
    this.#path = path;
    this.#log = log;
  }

  /** The parts that are on disk, up to the first line that is none. */
  async *read(): AsyncGenerator<BlockListPart> {
    // Most nodes have none, and start without what reads it.
    if (!existsSync(this.#path)) return;
    const { createInterface } = await import('node:readline');
    const stream = createReadStream(this.#path);
    const lines = createInterface({ input: stream, crlfDelay: Number.POSITIVE_INFINITY });
    try {
      for await (const line of lines) {
        const part = parse(line);
        if (part === null) {
          this.#log.warn({ file: this.#path }, 'the rest of the block lists on disk cannot be read');
          this.#isBroken = true;
          return;
        }
        yield part;
      }
    } catch (error) {
      this.#isBroken = true;
      this.#log.warn({ err: error }, 'the block lists on disk cannot be read');
    } finally {
      lines.close();
      stream.destroy();
    }
  }

  append(part: BlockListPart): void {
    // What begins anew mends what is broken.
    if (part.reset) this.replace([part]);
    else this.#inTurn(async () => this.#isBroken || appendFile(this.#path, lineOf(part), { mode: 0o600 }));
  }

  /** Whether nothing is appended until all is written anew. */
  get isBroken(): boolean {
    return this.#isBroken;
  }

  /** These in place of all that there are: whole or not at all. They are asked for one by one, as they are written. */
  replace(parts: Iterable<BlockListPart>): void {
    this.#inTurn(async () => {
      const next = `${this.#path}.next`;
      try {
        await writeFile(next, linesOf(parts), { mode: 0o600, flush: true });
        await rename(next, this.#path);
        this.#isBroken = false;
      } catch (error) {
        await rm(next, { force: true });
        throw error;
      }
    });
  }

  flush(): Promise<void> {
    return this.#last;
  }

  #inTurn(act: () => Promise<unknown>): void {
    this.#last = this.#last.then(async () => {
      try {
        await act();
      } catch (error) {
        this.#isBroken = true;
        this.#log.error({ err: error }, 'block lists cannot be written to disk; they are in force');
      }
    });
  }
}

function* linesOf(parts: Iterable<BlockListPart>): Generator<string> {
  for (const part of parts) yield lineOf(part);
}

function lineOf({ entries, ...part }: BlockListPart): string {
  return `${JSON.stringify({ ...part, entries: Buffer.from(entries).toString('base64') })}\n`;
}

function parse(line: string): BlockListPart | null {
  try {
    const value: unknown = JSON.parse(line);
    if (lineShape(value, '') !== '') return null;
    const { reset, position, tenantId, entries } = value as Omit<BlockListPart, 'entries'> & { entries: string };
    return { reset, position, tenantId, entries: Buffer.from(entries, 'base64') };
  } catch {
    return null;
  }
}
