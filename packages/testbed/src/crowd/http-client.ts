import { connect as connectTcp, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { connect as connectTls } from 'node:tls';
import { type Response, ResponseReader } from './response-reader.ts';
import type { Tally } from './tally.ts';

export interface HttpClientOptions {
  readonly host: string;
  readonly port: number;
  readonly path: string;
  /** Authority that the server's certificate must be signed by, and its name; null: plain. */
  readonly tls: { readonly authority: string; readonly serverName: string } | null;
  /** Milliseconds between an answer and the next request, on average. */
  readonly think: number;
  /** A new connection for each request. */
  readonly fresh: boolean;
  /** Keeps the cookies that it gets, and expects the same target as long as it has them. */
  readonly sticky: boolean;
}

/** An answer takes no longer than this, in milliseconds, or the request has failed. */
const PATIENCE = 10_000;

/**
 * A client that asks one URL again and again on a kept connection and takes nothing amiss quietly: each answer that is
 * no 200, each connection that ends unannounced, is told to the tally of the moment.
 */
export class HttpClient {
  readonly #options: HttpClientOptions;
  readonly #tally: () => Tally;
  #socket: Socket | null = null;
  #reader = new ResponseReader();
  #waiting: ((outcome: Response | string) => void) | null = null;
  #cookie = '';
  #target = '';
  readonly #stopped = new AbortController();

  constructor(options: HttpClientOptions, tally: () => Tally) {
    this.#options = options;
    this.#tally = tally;
  }

  /** Asks until it is stopped, and has the answer to its last request. */
  async run(): Promise<void> {
    const { think } = this.#options;
    // Not all at once, neither now nor later.
    await this.#pause(Math.random() * think);
    while (!this.#stopped.signal.aborted) {
      await this.#once();
      await this.#pause(think * (0.5 + Math.random()));
    }
    this.#drop();
  }

  stop(): void {
    this.#stopped.abort();
  }

  async #pause(milliseconds: number): Promise<void> {
    const { signal } = this.#stopped;
    await sleep(milliseconds, undefined, { signal }).catch(() => undefined);
  }

  async #once(): Promise<void> {
    const began = performance.now();
    const outcome = await this.#ask();
    const tally = this.#tally();
    if (typeof outcome === 'string') {
      tally.failed(outcome);
      this.#drop();
      return;
    }
    if (outcome.status === 200) tally.answered(performance.now() - began);
    else tally.failed(`status ${outcome.status}`);
    if (this.#options.sticky) this.#keepSession(outcome, tally);
    if (outcome.headers.get('connection')?.toLowerCase() === 'close') {
      tally.retired++;
      this.#drop();
    } else if (this.#options.fresh) this.#drop();
  }

  async #ask(): Promise<Response | string> {
    const socket = this.#socket ?? (await this.#connect());
    if (typeof socket === 'string') return socket;
    const { host, path } = this.#options;
    const cookie = this.#cookie === '' ? '' : `Cookie: ${this.#cookie}\r\n`;
    return new Promise((resolve) => {
      const timer = setTimeout(() => this.#settle(`no answer within ${PATIENCE / 1000} s`), PATIENCE);
      this.#waiting = (outcome) => {
        clearTimeout(timer);
        resolve(outcome);
      };
      socket.write(`GET ${path} HTTP/1.1\r\nHost: ${host}\r\nUser-Agent: crowd\r\n${cookie}\r\n`);
    });
  }

  #connect(): Promise<Socket | string> {
    const { host, port, tls } = this.#options;
    return new Promise((resolve) => {
      const socket =
        tls === null
          ? connectTcp({ host, port, noDelay: true })
          : connectTls({ host, port, ca: tls.authority, servername: tls.serverName });
      let open = false;
      this.#reader = new ResponseReader();
      socket.once(tls === null ? 'connect' : 'secureConnect', () => {
        open = true;
        this.#socket = socket;
        resolve(socket);
      });
      socket.on('data', (bytes: Buffer) => this.#received(bytes));
      socket.on('error', (error: NodeJS.ErrnoException) => {
        if (!open) resolve(`connecting: ${error.code ?? error.message}`);
      });
      socket.on('close', () => {
        if (!open) resolve('connecting: closed');
        if (this.#socket === socket) this.#ended();
      });
    });
  }

  #received(bytes: Buffer): void {
    try {
      const response = this.#reader.read(bytes);
      if (response !== null) this.#settle(response);
    } catch (error) {
      this.#settle((error as Error).message);
    }
  }

  #ended(): void {
    this.#socket = null;
    if (this.#waiting === null) this.#tally().closed++;
    else this.#settle(`closed ${this.#reader.held === 0 ? 'before' : 'within'} the answer`);
  }

  #settle(outcome: Response | string): void {
    const waiting = this.#waiting;
    this.#waiting = null;
    waiting?.(outcome);
  }

  #drop(): void {
    const socket = this.#socket;
    this.#socket = null;
    socket?.destroy();
  }

  /** The body of an answer names its target. */
  #keepSession({ status, headers, body }: Response, tally: Tally): void {
    const set = headers.get('set-cookie');
    if (set !== undefined) this.#cookie = set.split(';', 1)[0];
    if (status !== 200) return;
    if (this.#target !== '' && this.#target !== body) tally.moved++;
    this.#target = body;
  }
}
