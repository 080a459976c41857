import { connect, type Socket } from 'node:net';

export interface IdleClients {
  /** Connections that are still open. */
  readonly open: number;
  close(): void;
}

export interface IdleClientsOptions {
  readonly address: string;
  readonly port: number;
  readonly path: string;
  readonly count: number;
}

/** Connections that are opened at the same time. */
const PARALLEL = 64;
/** Clients spread over this many source addresses, 127.1.0.1 and up, so that local ports cannot run out. */
const SOURCES = 8;
const TIMEOUT = 10_000;

/**
 * Opens `count` connections, sends one keep-alive request on each, reads the whole answer, and leaves them open.
 * Rejects, with all of them closed, when one fails, is answered with anything but 200, or takes longer than 10 s.
 */
export async function openIdleClients(options: IdleClientsOptions): Promise<IdleClients> {
  const sockets = new Set<Socket>();
  const close = () => {
    for (const socket of sockets) socket.destroy();
  };
  let next = 0;
  const openSome = async () => {
    while (next < options.count) {
      const socket = await openOne(options, next++, sockets);
      socket.once('close', () => sockets.delete(socket));
    }
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

function openOne(options: IdleClientsOptions, index: number, sockets: Set<Socket>): Promise<Socket> {
  const { address: host, port, path } = options;
  return new Promise((resolve, reject) => {
    const socket = connect({ host, port, localAddress: `127.1.0.${1 + (index % SOURCES)}` });
    sockets.add(socket);
    let received = '';
    const fail = (reason: string) => reject(new Error(`idle client ${index}: ${reason}`));
    socket.setTimeout(TIMEOUT, () => fail(`no answer within ${TIMEOUT} ms`));
    socket.once('connect', () => socket.write(`GET ${path} HTTP/1.1\r\nHost: ${host}:${port}\r\n\r\n`));
    socket.once('error', (error) => fail(error.message));
    socket.once('close', () => fail('the connection was closed'));
    socket.on('data', (chunk) => {
      received += chunk.toString('latin1');
      const state = answerState(received);
      if (state === 'incomplete') return;
      if (state === 'refused') return fail(`answered ${received.slice(0, 40)}`);
      socket.setTimeout(0);
      socket.removeAllListeners();
      // Whatever happens later shows as a connection that is no longer open.
      socket.on('error', () => socket.destroy());
      socket.resume();
      resolve(socket);
    });
  });
}

/** Whether a whole answer with a Content-Length is there. */
function answerState(received: string): 'incomplete' | 'complete' | 'refused' {
  const head = received.indexOf('\r\n\r\n');
  if (head < 0) return 'incomplete';
  if (!received.startsWith('HTTP/1.1 200')) return 'refused';
  const length = /^content-length: *(\d+)/im.exec(received.slice(0, head));
  if (length === null) return 'refused';
  return received.length >= head + 4 + Number(length[1]) ? 'complete' : 'incomplete';
}
