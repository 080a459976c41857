import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { until } from './until.ts';

/** One client connection of which a test must know whether it is the same still. */
export class KeptConnection {
  readonly #socket: Socket;
  readonly #host: string;
  #received = '';
  #closed = false;

  private constructor(socket: Socket, host: string) {
    this.#socket = socket;
    this.#host = host;
    socket.setEncoding('latin1');
    socket.on('data', (text: string) => {
      this.#received += text;
    });
    socket.on('error', () => undefined);
    socket.on('close', () => {
      this.#closed = true;
    });
  }

  static async open(host: string, port: number): Promise<KeptConnection> {
    const socket = connect({ host, port });
    await once(socket, 'connect');
    return new KeptConnection(socket, host);
  }

  get closed(): boolean {
    return this.#closed;
  }

  /** One request; the status of its answer (which must have no body and a Content-Length, as HEAD does), or null when the connection ends. */
  async ask(path = '/'): Promise<number | null> {
    this.#received = '';
    this.#socket.write(`HEAD ${path} HTTP/1.1\r\nHost: ${this.#host}\r\n\r\n`);
    await until('an answer', () => this.#closed || this.#received.endsWith('\r\n\r\n'));
    const status = /^HTTP\/1\.1 (\d{3}) /.exec(this.#received)?.[1];
    return status === undefined ? null : Number(status);
  }

  close(): void {
    this.#socket.destroy();
  }
}
