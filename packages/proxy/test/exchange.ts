import { once } from 'node:events';
import { createServer as createHttpServer, type IncomingMessage, type RequestListener } from 'node:http';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';

/** What a test waits for is there long before, in milliseconds; one that fails ends. */
const LONGEST = 30_000;

export interface Origin {
  readonly port: number;
  close(): Promise<void>;
}

/** An HTTP origin on an ephemeral port of 127.0.0.1. */
export async function httpOrigin(handle: RequestListener, keepAliveTimeout = 60_000): Promise<Origin> {
  const server = createHttpServer({ keepAliveTimeout }, handle);
  // What a failed test leaves open keeps nobody waiting.
  server.unref().on('connection', (socket) => socket.unref());
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return { port: portOf(server), close: () => closed(server, () => server.closeAllConnections()) };
}

/** A TCP origin on an ephemeral port of 127.0.0.1; half-open sockets stay open. */
export async function tcpOrigin(handle: (socket: Socket) => void): Promise<Origin> {
  const sockets = new Set<Socket>();
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    socket.unref();
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
    socket.on('error', () => undefined);
    handle(socket);
  });
  server.unref().listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    port: portOf(server),
    close: () =>
      closed(server, () => {
        for (const socket of sockets) socket.destroy();
      }),
  };
}

/** A port of 127.0.0.1 on which nobody listens now. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const port = portOf(server);
  await closed(server, () => undefined);
  return port;
}

/** A port that nobody has on any of these addresses of this machine. */
export async function freePortOn(addresses: readonly string[]): Promise<number> {
  for (;;) {
    const servers: Server[] = [];
    try {
      for (const address of addresses) {
        const server = createServer();
        const port = servers.length === 0 ? 0 : portOf(servers[0]!);
        // Rejects with the error that the server reports.
        await once(server.listen(port, address), 'listening');
        servers.push(server);
      }
      return portOf(servers[0]!);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EADDRINUSE') throw error;
    } finally {
      for (const server of servers) await closed(server, () => undefined);
    }
  }
}

/** Sends bytes on a new connection and reads until the peer ends; `end`: with FIN behind them. */
export async function rawExchange(port: number, bytes: string, end = false): Promise<string> {
  const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true });
  const chunks: Buffer[] = [];
  socket.on('data', (chunk: Buffer) => chunks.push(chunk));
  if (end) socket.end(bytes, 'latin1');
  else socket.write(bytes, 'latin1');
  try {
    await once(socket, 'end');
  } finally {
    socket.destroy();
  }
  return Buffer.concat(chunks).toString('latin1');
}

export async function bodyOf(message: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of message) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}

/** Waits until something is so; `awaited` names it in the failure. */
export async function until(what: () => boolean, awaited: string): Promise<void> {
  const deadline = performance.now() + LONGEST;
  while (!what()) {
    if (performance.now() > deadline) throw new Error(`waited in vain for ${awaited}`);
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
}

function portOf(server: Pick<Server, 'address'>): number {
  return (server.address() as AddressInfo).port;
}

async function closed(server: Pick<Server, 'close'>, cut: () => void): Promise<void> {
  const done = new Promise<void>((resolve) => server.close(() => resolve()));
  cut();
  await done;
}
