import type { IncomingMessage, ServerResponse } from 'node:http';
import { Server, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

/** Milliseconds that clients have to send what is on its way: on connections that they keep, and on new ones. */
const KEPT = 200;
const NEW = 1_500;
const LOOK = 10;

/**
 * Has a server that another one follows on the same socket end without failing a request: it accepts no more, and answers
 * what comes on the connections that it has, of which each is told to end with its answer. A server that is closed
 * resets those that have asked nothing yet, and kept ones at the very moment that a request comes.
 */
export class LastRequests {
  readonly #server: Server;
  /** Connections on which nothing has been asked yet, by address and port of the client: under TLS there are two objects of each. */
  readonly #silent = new Set<string>();

  /** To be made before the server listens. */
  constructor(server: Server) {
    this.#server = server;
    const heard = ({ socket }: IncomingMessage) => this.#silent.delete(nameOf(socket));
    server.on('request', heard).on('upgrade', heard);
    server.on('connection', (socket: Socket) => {
      const name = nameOf(socket);
      this.#silent.add(name);
      socket.once('close', () => this.#silent.delete(name));
    });
  }

  /** Resolves when the server can be closed, within 1.5 s. */
  async answer(): Promise<void> {
    const since = performance.now();
    this.#server.prependListener('request', (_: IncomingMessage, response: ServerResponse) =>
      response.setHeader('connection', 'close'),
    );
    // The server of HTTP would close connections, too.
    Server.prototype.close.call(this.#server);
    for (let waited = 0; waited < NEW; waited = performance.now() - since) {
      if ((await this.#open()) === 0 || (waited >= KEPT && this.#silent.size === 0)) return;
      await sleep(LOOK);
    }
  }

  #open(): Promise<number> {
    return new Promise((resolve, reject) => {
      this.#server.getConnections((error, count) => (error === null ? resolve(count) : reject(error)));
    });
  }
}

function nameOf({ remoteAddress, remotePort }: Socket): string {
  return `${remoteAddress} ${remotePort}`;
}
