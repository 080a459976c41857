import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { until } from './until.ts';

/** A TCP connection to a target that sends back whatever it gets. */
export class Tunnel {
  readonly #socket: Socket;
  readonly #received: Buffer[] = [];
  #length = 0;
  #closed = false;

  private constructor(socket: Socket) {
    this.#socket = socket;
    socket.on('data', (chunk: Buffer) => {
      this.#received.push(chunk);
      this.#length += chunk.length;
    });
    socket.on('error', () => undefined);
    socket.on('close', () => {
      this.#closed = true;
    });
  }

  static async open(host: string, port: number): Promise<Tunnel> {
    const socket = connect({ host, port });
    await once(socket, 'connect');
    return new Tunnel(socket);
  }

  get closed(): boolean {
    return this.#closed;
  }

  /** Sends bytes and resolves with as many that come back; rejects when the connection ends before. */
  async echo(bytes: Buffer): Promise<Buffer> {
    this.#received.length = 0;
    this.#length = 0;
    this.#socket.write(bytes);
    await until('all bytes are back', () => this.#closed || this.#length >= bytes.length);
    if (this.#length < bytes.length) throw new Error(`closed after ${this.#length} of ${bytes.length} bytes`);
    return Buffer.concat(this.#received);
  }

  close(): void {
    this.#socket.destroy();
  }
}
