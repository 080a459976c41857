import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A target: answers every request with its name, unless the test says otherwise. */
export class Origin {
  readonly name: string;
  #server: Server | null = null;
  #port = 0;
  requests = 0;
  respond: (request: IncomingMessage, response: ServerResponse) => void = (_request, response) => {
    response.end(this.name);
  };

  private constructor(name: string) {
    this.name = name;
  }

  static async start(name: string): Promise<Origin> {
    const origin = new Origin(name);
    await origin.resume();
    return origin;
  }

  get port(): number {
    return this.#port;
  }

  /** Listens again on the port that it had. */
  async resume(): Promise<void> {
    this.#server = createServer((request, response) => {
      if (request.headers['user-agent'] !== 'evenkeel-health-check') this.requests++;
      this.respond(request, response);
    });
    this.#server.listen(this.#port, '127.0.0.1');
    await once(this.#server, 'listening');
    this.#port = (this.#server.address() as AddressInfo).port;
  }

  /** Dies with all of its connections. */
  async die(): Promise<void> {
    const server = this.#server;
    this.#server = null;
    if (server === null) return;
    server.close();
    server.closeAllConnections();
    await once(server, 'close');
  }
}

/** A port that was free on the address a moment ago. */
export async function freePort(address: string): Promise<number> {
  const server = createServer();
  server.listen(0, address);
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}
