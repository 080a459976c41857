import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { TestContext } from 'node:test';

export interface Received {
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

/** Somebody that webhooks are sent to; answers with `status` until it is another. */
export class HookReceiver {
  readonly received: Received[] = [];
  status = 204;
  /** More of the head of its answers. */
  headers: Readonly<Record<string, string>> = {};
  readonly #server: Server;
  readonly #watchers = new Set<() => void>();

  static async start(t: TestContext): Promise<HookReceiver> {
    const receiver = new HookReceiver();
    receiver.#server.listen(0, '127.0.0.1');
    await once(receiver.#server, 'listening');
    t.after(() => {
      receiver.#server.closeAllConnections();
      receiver.#server.close();
    });
    return receiver;
  }

  private constructor() {
    this.#server = createServer(async (request, response) => {
      let body = '';
      for await (const part of request.setEncoding('utf8')) body += part;
      this.received.push({ headers: request.headers, body });
      response.writeHead(this.status, this.headers).end('what nobody reads');
      for (const look of [...this.#watchers]) look();
    });
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/hook?x=1`;
  }

  until(condition: () => boolean): Promise<void> {
    return new Promise((resolve) => {
      const look = () => {
        if (!condition()) return;
        this.#watchers.delete(look);
        resolve();
      };
      this.#watchers.add(look);
      look();
    });
  }
}
