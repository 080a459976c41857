import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface OriginOptions {
  /** What it answers with, and how tests tell origins apart. */
  readonly name: string;
  /** 127.0.0.1 when not said. */
  readonly address?: string;
  /** A free one when not said. */
  readonly port?: number;
}

/** What an origin says of a request to `/echo`. */
export interface Echo {
  readonly origin: string;
  readonly method: string;
  readonly url: string;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: string;
}

const MOST_BYTES = 1024 * 1024 * 1024;
const MOST_DELAY = 600_000;
const BLOCK = Buffer.alloc(64 * 1024, 'evenkeel');

/**
 * An HTTP server on a real socket. `/echo` says what it was sent; every other path answers with the origin's name.
 * The query shapes the answer: `status`, `size` (bytes instead of the name), `delay` (milliseconds before the head),
 * `chunks` (that many, without Content-Length), `close` (of the connection).
 */
export class Origin {
  readonly name: string;
  /** Requests that have come so far. */
  requests = 0;
  readonly #server: Server;

  private constructor(name: string) {
    this.name = name;
    this.#server = createServer((request, response) => {
      this.requests++;
      this.#answer(request, response).catch((error: unknown) => response.destroy(asError(error)));
    });
  }

  /** Resolves when it listens; rejects with the system's error when it cannot. */
  static start({ name, address = '127.0.0.1', port = 0 }: OriginOptions): Promise<Origin> {
    const origin = new Origin(name);
    return new Promise((resolve, reject) => {
      origin.#server.once('error', reject);
      origin.#server.listen(port, address, () => resolve(origin));
    });
  }

  get address(): string {
    return this.#bound.address;
  }

  get port(): number {
    return this.#bound.port;
  }

  /** Closes every connection, whatever is under way. */
  stop(): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#server.close((error) => (error === undefined ? resolve() : reject(error)));
      this.#server.closeAllConnections();
    });
  }

  get #bound(): AddressInfo {
    return this.#server.address() as AddressInfo;
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? '/', 'http://origin');
    const number = (name: string, most: number) => Math.min(most, Math.max(0, Number(url.searchParams.get(name)) || 0));
    const received = await readAll(request);
    const delay = number('delay', MOST_DELAY);
    if (delay > 0) await new Promise((resolve) => setTimeout(resolve, delay).unref());
    response.statusCode = number('status', 599) || 200;
    response.setHeader('x-origin', this.name);
    if (url.searchParams.has('close')) response.setHeader('connection', 'close');
    const size = number('size', MOST_BYTES);
    const chunks = number('chunks', 10_000);
    if (url.pathname === '/echo') {
      response.setHeader('content-type', 'application/json');
      response.end(JSON.stringify(this.#echo(request, received)));
    } else if (size > 0) {
      await sendBytes(response, size, chunks);
    } else {
      response.setHeader('content-type', 'text/plain');
      response.end(`${this.name}\n`);
    }
  }

  #echo(request: IncomingMessage, body: Buffer): Echo {
    return {
      origin: this.name,
      method: request.method ?? '',
      url: request.url ?? '',
      headers: request.headers,
      body: body.toString('latin1'),
    };
  }
}

async function readAll(request: IncomingMessage): Promise<Buffer> {
  const parts: Buffer[] = [];
  for await (const part of request) parts.push(part as Buffer);
  return Buffer.concat(parts);
}

/** Writes as fast as the reader takes it; with `chunks` in so many chunks, otherwise with a length. */
async function sendBytes(response: ServerResponse, size: number, chunks: number): Promise<void> {
  if (chunks === 0) response.setHeader('content-length', size);
  const step = chunks === 0 ? BLOCK.length : Math.max(1, Math.min(BLOCK.length, Math.ceil(size / chunks)));
  for (let left = size; left > 0 && !response.destroyed; left -= step) {
    const taken = response.write(BLOCK.subarray(0, Math.min(step, left)));
    if (!taken) await drained(response);
  }
  response.end();
}

function drained(response: ServerResponse): Promise<void> {
  return new Promise((resolve) => {
    const go = () => {
      response.off('drain', go);
      response.off('close', go);
      resolve();
    };
    response.on('drain', go);
    response.on('close', go);
  });
}

function asError(error: unknown): Error {
  return error instanceof Error ? error : new Error(String(error));
}
