import { connect } from 'node:net';

const TIMEOUT = 60_000;

/** Clients that ask once on each connection, and note what each came to. */
export class Newcomers {
  readonly #host: string;
  readonly #port: number;
  readonly #clients: Promise<void>[];
  /** How often each outcome was: `200`, `ECONNREFUSED`, … */
  readonly outcomes = new Map<string, number>();
  #stopped = false;

  constructor(host: string, port: number, clients: number) {
    this.#host = host;
    this.#port = port;
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
    }
  }

  #ask(): Promise<string> {
    return new Promise((resolve) => {
      let text = '';
      const socket = connect({ host: this.#host, port: this.#port });
      socket.setTimeout(TIMEOUT, () => socket.destroy(new Error('no answer in time')));
      socket.setEncoding('latin1');
      socket.on('connect', () => socket.write(`GET / HTTP/1.1\r\nHost: ${this.#host}\r\nConnection: close\r\n\r\n`));
      socket.on('data', (piece: string) => {
        text += piece;
      });
      socket.on('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message));
      socket.on('close', () => resolve(/^HTTP\/1\.1 (\d{3})/.exec(text)?.[1] ?? 'closed without an answer'));
    });
  }
}
