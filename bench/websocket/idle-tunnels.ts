import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { ANSWER, handshake, QUESTION } from './messages.ts';

export interface IdleTunnels {
  /** Connections that are still open. */
  readonly open: number;
  close(): void;
}

/** Connections that are opened at the same time. */
const PARALLEL = 64;
/** Clients spread over this many source addresses, 127.1.0.1 and up, so that local ports cannot run out. */
const SOURCES = 8;

/** Opens `count` WebSocket connections, has one message answered on each, and leaves them open. */
export async function openIdleTunnels(address: string, port: number, count: number): Promise<IdleTunnels> {
  const sockets = new Set<Socket>();
  let next = 0;
  const openSome = async (): Promise<void> => {
    while (next < count) {
      const socket = connect({ host: address, port, localAddress: `127.1.0.${1 + (next++ % SOURCES)}` });
      sockets.add(socket);
      socket.once('close', () => sockets.delete(socket));
      socket.write(handshake(`${address}:${port}`));
      let received: Buffer = Buffer.alloc(0);
      const wanted = (): number => received.indexOf('\r\n\r\n') + 4 + ANSWER.length;
      while (!received.includes('\r\n\r\n')) received = Buffer.concat([received, await more(socket)]);
      if (!received.toString('latin1').startsWith('HTTP/1.1 101 ')) throw new Error(`answered ${received}`);
      socket.write(QUESTION);
      while (received.length < wanted()) received = Buffer.concat([received, await more(socket)]);
      // Whatever happens later shows as a connection that is no longer open.
      socket.on('error', () => socket.destroy());
      socket.resume();
    }
  };
  const close = (): void => {
    for (const socket of sockets) socket.destroy();
  };
  try {
    await Promise.all(Array.from({ length: PARALLEL }, openSome));
  } catch (error) {
    close();
    throw error;
  }
  return {
    get open() {
      return sockets.size;
    },
    close,
  };
}

async function more(socket: Socket): Promise<Buffer> {
  const [bytes] = (await once(socket, 'data')) as [Buffer];
  return bytes;
}
