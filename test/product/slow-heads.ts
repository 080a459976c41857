import { once } from 'node:events';
import { connect, type Socket } from 'node:net';

const HEAD = `GET / HTTP/1.1\r\nHost: slow\r\nX-Long: ${'x'.repeat(1_000)}\r\n\r\n`;
/** Clients spread over this many source addresses, 127.2.0.1 and up, so that local ports cannot run out. */
const SOURCES = 8;
/** Connections that are opened at the same time. */
const PARALLEL = 64;

/** Clients that send a request head one byte at a time, each a byte per `interval` milliseconds. */
export class SlowHeads {
  readonly #sockets: Socket[] = [];
  readonly #answers = new Map<Socket, string>();
  #closed = 0;
  /** Bytes of the head that each of them has sent: the first one when it has connected. */
  #sent = 1;
  #timer: NodeJS.Timeout | null = null;

  static async open(host: string, port: number, count: number, interval: number): Promise<SlowHeads> {
    const clients = new SlowHeads();
    let next = 0;
    const openSome = async () => {
      while (next < count) await clients.#open(host, port, `127.2.0.${1 + (next++ % SOURCES)}`);
    };
    await Promise.all(Array.from({ length: PARALLEL }, openSome));
    clients.#timer = setInterval(() => clients.#sendByte(), interval);
    return clients;
  }

  /** How many have been answered and closed, by the first line of the answer. */
  get endings(): Readonly<Record<string, number>> {
    const endings: Record<string, number> = {};
    for (const socket of this.#sockets) {
      if (!socket.closed) continue;
      const line = (this.#answers.get(socket) ?? '').split('\r\n', 1)[0];
      endings[line] = (endings[line] ?? 0) + 1;
    }
    return endings;
  }

  get closed(): number {
    return this.#closed;
  }

  close(): void {
    if (this.#timer !== null) clearInterval(this.#timer);
    for (const socket of this.#sockets) socket.destroy();
  }

  async #open(host: string, port: number, localAddress: string): Promise<void> {
    const socket = connect({ host, port, localAddress });
    this.#sockets.push(socket);
    socket.setEncoding('latin1');
    socket.on('data', (text: string) => this.#answers.set(socket, (this.#answers.get(socket) ?? '') + text));
    socket.on('error', () => undefined);
    socket.on('close', () => this.#closed++);
    await once(socket, 'connect');
    // Who has said nothing at all is not told that it was too slow.
    socket.write(HEAD[0]);
  }

  #sendByte(): void {
    const byte = HEAD[this.#sent++];
    for (const socket of this.#sockets) if (socket.writable) socket.write(byte);
  }
}
