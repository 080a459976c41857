import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { ERRORS, type ErrorCode } from '@evenkeel/model/errors.ts';

export interface Asked {
  /** Such as `GET /v1/listeners?limit=500`. */
  readonly call: string;
  readonly body: unknown;
  readonly headers: IncomingMessage['headers'];
}

export interface Answer {
  readonly status?: number;
  readonly body: unknown;
}

/** An API that says what a test tells it to, and remembers what it was asked. */
export class ScriptedApi {
  readonly asked: Asked[] = [];
  readonly #server: Server;
  readonly #answers: ReadonlyMap<string, Answer>;

  private constructor(answers: Readonly<Record<string, Answer>>) {
    this.#answers = new Map(Object.entries(answers));
    this.#server = createServer((request, response) => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => {
        const { status = 200, body } = this.#answer(request, Buffer.concat(chunks).toString());
        response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
      });
    });
  }

  /** Answers by call, `METHOD path?query`; one without its query answers for every query. */
  static async start(answers: Readonly<Record<string, Answer>>): Promise<ScriptedApi> {
    const api = new ScriptedApi(answers);
    api.#server.listen(0, '127.0.0.1');
    await once(api.#server, 'listening');
    return api;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** Bodies of the calls to this, in order. */
  bodies(call: string): unknown[] {
    return this.asked.filter((asked) => asked.call === call).map(({ body }) => body);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections();
    this.#server.close();
    await once(this.#server, 'close');
  }

  #answer({ method, url = '', headers }: IncomingMessage, text: string): Answer {
    const call = `${method} ${url}`;
    this.asked.push({ call, body: text === '' ? undefined : JSON.parse(text), headers });
    return this.#answers.get(call) ?? this.#answers.get(call.replace(/\?.*/, '')) ?? problem('route-not-found', call);
  }
}

/** An answer with problem details (RFC 9457). */
export function problem(code: ErrorCode, detail: string, more: object = {}): Answer {
  const { status, title } = ERRORS[code];
  return { status, body: { type: `urn:evenkeel:error:${code}`, title, status, code, detail, ...more } };
}

/** A page that is the only one. */
export function page(...items: readonly unknown[]): Answer {
  return { body: { items, nextCursor: null } };
}
