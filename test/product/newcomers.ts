import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

const TIMEOUT = 60_000;

export interface NewcomersOptions {
  /** What they ask for. */
  readonly path?: string;
  /** Milliseconds between two connections of a client. */
  readonly pause?: number;
}

/** Clients that ask once on each connection, and note what each came to. */
export class Newcomers {
  readonly #host: string;
  readonly #port: number;
  readonly #path: string;
  readonly #pause: number;
  readonly #clients: Promise<void>[];
  /** How often each outcome was: `200`, `ECONNREFUSED`, … */
  readonly outcomes = new Map<string, number>();
  #stopped = false;

  constructor(host: string, port: number, clients: number, { path = '/', pause = 0 }: NewcomersOptions = {}) {
    this.#host = host;
    this.#port = port;
    this.#path = path;
    this.#pause = pause;
    this.#clients = Array.from({ length: clients }, () => this.#run());
  }

  get answered(): number {
    return this.outcomes.get('200') ?? 0;
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    await Promise.all(this.#clients);
  }

  async #run(): Promise<void> {
    while (!this.#stopped) {
      const outcome = await this.#ask();
      this.outcomes.set(outcome, (this.outcomes.get(outcome) ?? 0) + 1);
      if (this.#pause > 0) await sleep(this.#pause);
    }
  }

  #ask(): Promise<string> {
    return new Promise((resolve) => {
      let text = '';
      const socket = connect({ host: this.#host, port: this.#port });
      socket.setTimeout(TIMEOUT, () => socket.destroy(new Error('no answer in time')));
      socket.setEncoding('latin1');
      socket.on('connect', () =>
        socket.write(`GET ${this.#path} HTTP/1.1\r\nHost: ${this.#host}\r\nConnection: close\r\n\r\n`),
      );
      socket.on('data', (piece: string) => {
        text += piece;
      });
      socket.on('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message));
      socket.on('close', () => resolve(/^HTTP\/1\.1 (\d{3})/.exec(text)?.[1] ?? 'closed without an answer'));
    });
  }
}
