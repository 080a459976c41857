import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { until } from './until.ts';

/** A connection that has been switched to another protocol, whose target sends back what it gets. */
export class UpgradedConnection {
  readonly #socket: Socket;
  #text = '';
  #closed = false;

  private constructor(socket: Socket) {
    this.#socket = socket;
    socket
      .setEncoding('latin1')
      .on('data', (text: string) => {
        this.#text += text;
      })
      .on('error', () => undefined)
      .on('close', () => {
        this.#closed = true;
      });
  }

  static async open(host: string, port: number): Promise<UpgradedConnection> {
    const socket = connect({ host, port });
    await once(socket, 'connect');
    const connection = new UpgradedConnection(socket);
    socket.write(`GET /echo HTTP/1.1\r\nHost: ${host}\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n`);
    await until('it is switched', () => connection.#closed || connection.#text.includes('\r\n\r\n'));
    if (!connection.#text.startsWith('HTTP/1.1 101 ')) throw new Error(`not switched: ${connection.#text}`);
    connection.#text = '';
    return connection;
  }

  get closed(): boolean {
    return this.#closed;
  }

  /** Whether what is sent comes back. */
  async echoes(text: string): Promise<boolean> {
    this.#text = '';
    this.#socket.write(text);
    await until('it comes back', () => this.#closed || this.#text.length >= text.length);
    return this.#text === text;
  }

  close(): void {
    this.#socket.destroy();
  }
}
