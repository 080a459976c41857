import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { get, type IncomingMessage, type ServerResponse } from 'node:http';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { setTimeout as sleep } from 'node:timers/promises';

const CHUNK = 64 * 1024;

/** Bytes of a body in which every position differs from its neighbours, so that a shift or a swap shows in the hash. */
function* pattern(length: number): Generator<Buffer> {
  const chunk = Buffer.alloc(CHUNK);
  for (let i = 0; i < CHUNK; i += 4) chunk.writeUInt32LE(i, i);
  for (let at = 0; at < length; at += CHUNK) {
    const part = Buffer.from(chunk.subarray(0, Math.min(CHUNK, length - at)));
    part.writeUInt32LE(at);
    yield part;
  }
}

export function hashOfPattern(length: number): string {
  const hash = createHash('sha256');
  for (const chunk of pattern(length)) hash.update(chunk);
  return hash.digest('hex');
}

/** Answers with `length` bytes of the pattern, as fast as they are taken. */
export async function sendPattern(response: ServerResponse, length: number): Promise<void> {
  response.writeHead(200, { 'content-length': length });
  await pipeline(Readable.from(pattern(length)), response).catch((error: NodeJS.ErrnoException) => {
    // The reader has gone, which is its affair.
    if (error.code !== 'ERR_STREAM_PREMATURE_CLOSE') throw error;
  });
}

/** A download that is read at a steady rate until `finish` is called. */
export class Download {
  readonly #hash = createHash('sha256');
  readonly #done: Promise<void>;
  #received = 0;
  #ended = false;
  #bytesPerSecond: number;

  private constructor(response: IncomingMessage, bytesPerSecond: number) {
    this.#bytesPerSecond = bytesPerSecond;
    this.#done = this.#read(response).finally(() => {
      this.#ended = true;
    });
    this.#done.catch(() => undefined);
  }

  static async start(url: string, bytesPerSecond: number): Promise<Download> {
    const [response] = (await once(get(url, { agent: false }), 'response')) as [IncomingMessage];
    return new Download(response, bytesPerSecond);
  }

  /** Bytes of the body so far. */
  get received(): number {
    return this.#received;
  }

  get ended(): boolean {
    return this.#ended;
  }

  /** Reads the rest at full speed. Resolves with the SHA-256 of the body; rejects when the download broke. */
  async finish(): Promise<string> {
    this.#bytesPerSecond = Infinity;
    await this.#done;
    return this.#hash.digest('hex');
  }

  async #read(response: IncomingMessage): Promise<void> {
    for await (const chunk of response as AsyncIterable<Buffer>) {
      this.#received += chunk.length;
      this.#hash.update(chunk);
      await this.#pause(chunk.length);
    }
  }

  async #pause(bytes: number): Promise<void> {
    const wait = (bytes / this.#bytesPerSecond) * 1_000;
    if (wait >= 1) await sleep(wait);
  }
}
