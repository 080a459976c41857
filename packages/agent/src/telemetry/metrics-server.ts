import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { Logger } from 'pino';
import type { WaitsFor } from '../plan/first-plan.ts';
import { exposition } from './exposition.ts';
import type { Snapshot } from './snapshot.ts';
import { CONTENT_TYPE } from './text-format.ts';

/** An `import` of node:http evaluates all that it exports, a WebSocket client included. */
const { createServer } = process.getBuiltinModule('node:http');

/** Scrapes that may run at a time; a further one is told to come back. */
const SCRAPES = 4;
const CONNECTIONS = 64;

export interface MetricsServerOptions {
  readonly host: string;
  /** 0 for any free one. */
  readonly port: number;
  readonly log: Logger;
  readonly snapshot: () => Promise<Snapshot>;
  readonly health: () => NodeHealth;
}

export interface NodeHealth {
  /** A node that drains, or has no plan yet, answers 503, so that whatever asks sends it no clients. */
  readonly status: 'serving' | 'waiting' | 'draining';
  readonly planVersion: number;
  /** `revoked`: it has told this node that it is none any more. */
  readonly controlPlane: 'connected' | 'unreachable' | 'revoked';
  /** Absent: for nothing. */
  readonly waitsFor?: WaitsFor;
}

/** Answers `/metrics` and `/healthz`. */
export class MetricsServer {
  readonly #options: MetricsServerOptions;
  readonly #server: Server;
  #scrapes = 0;

  private constructor(options: MetricsServerOptions) {
    this.#options = options;
    this.#server = createServer({ requestTimeout: 5000, headersTimeout: 5000, keepAliveTimeout: 5000 });
    this.#server.maxConnections = CONNECTIONS;
    this.#server.on('request', (request, response) => void this.#answer(request, response));
  }

  /** Rejects with the system's error when the address cannot be had. */
  static async listen(options: MetricsServerOptions): Promise<MetricsServer> {
    const server = new MetricsServer(options);
    await new Promise<void>((resolve, reject) => {
      server.#server.once('error', reject);
      server.#server.listen(options.port, options.host, resolve);
    });
    server.#server.on('error', (error) => options.log.error({ err: error }, 'the metrics server has failed'));
    return server;
  }

  get url(): string {
    const { address, family, port } = this.#server.address() as AddressInfo;
    return `http://${family === 'IPv6' ? `[${address}]` : address}:${port}/metrics`;
  }

  close(): Promise<void> {
    return new Promise((resolve) => {
      this.#server.close(() => resolve());
      this.#server.closeAllConnections();
    });
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    try {
      if (request.method !== 'GET' && request.method !== 'HEAD') {
        say(response.setHeader('Allow', 'GET, HEAD'), 405, 'only GET and HEAD');
      } else if (path(request) === '/metrics') {
        await this.#scrape(request, response);
      } else if (path(request) === '/healthz') {
        const health = this.#options.health();
        response.setHeader('Content-Type', 'application/json');
        response.writeHead(health.status === 'serving' ? 200 : 503).end(`${JSON.stringify(health)}\n`);
      } else {
        say(response, 404, 'there are /metrics and /healthz');
      }
    } catch (error) {
      // A scraper that hangs up in the middle is no news.
      if (response.destroyed) return;
      this.#options.log.error({ err: error }, 'a scrape has failed');
      if (response.headersSent) response.destroy();
      else say(response, 500, 'the metrics could not be collected; see the log');
    }
  }

  async #scrape(request: IncomingMessage, response: ServerResponse): Promise<void> {
    if (this.#scrapes >= SCRAPES) {
      say(response.setHeader('Retry-After', '1'), 503, 'too many scrapes at a time');
      return;
    }
    this.#scrapes++;
    try {
      const snapshot = await this.#options.snapshot();
      response.writeHead(200, { 'Content-Type': CONTENT_TYPE });
      if (request.method === 'HEAD') response.end();
      else await pipeline(Readable.from(exposition(snapshot)), response);
    } finally {
      this.#scrapes--;
    }
  }
}

function path(request: IncomingMessage): string {
  return (request.url ?? '').split('?', 1)[0] as string;
}

function say(response: ServerResponse, status: number, text: string): void {
  response.setHeader('Content-Type', 'text/plain; charset=utf-8');
  response.writeHead(status).end(`${text}\n`);
}
