import { once } from 'node:events';
import { createServer as createHttpServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';

/** A server to balance to, on an ephemeral port of 127.0.0.1. */
export interface Origin {
  readonly address: string;
  readonly port: number;
  /** Requests or connections that have arrived. */
  readonly count: number;
  [Symbol.asyncDispose](): Promise<void>;
}

/** An origin that answers every request with its name, or as `respond` does. */
export function httpOrigin(
  name: string,
  respond: (request: IncomingMessage, response: ServerResponse) => void = (_, response) => response.end(name),
): Promise<Origin> {
  let count = 0;
  const server = createHttpServer({ keepAliveTimeout: 60_000 }, (request, response) => {
    count++;
    respond(request, response);
  });
  return listening(server, () => count);
}

/** An origin that hands every connection to `serve`; half-open connections stay open. */
export function tcpOrigin(serve: (socket: Socket) => void): Promise<Origin> {
  let count = 0;
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    count++;
    socket.on('error', () => undefined);
    serve(socket);
  });
  return listening(server, () => count);
}

async function listening(server: Server, count: () => number): Promise<Origin> {
  const sockets = new Set<Socket>();
  server.on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
  });
  server.listen(0, '127.0.0.1', 4_096);
  await once(server, 'listening');
  return {
    address: '127.0.0.1',
    port: (server.address() as AddressInfo).port,
    get count() {
      return count();
    },
    async [Symbol.asyncDispose]() {
      const closed = once(server, 'close');
      server.close();
      for (const socket of sockets) socket.destroy();
      await closed;
    },
  };
}
