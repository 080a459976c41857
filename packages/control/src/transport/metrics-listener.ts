import { once } from 'node:events';
import type { RequestListener, Server } from 'node:http';
import type { Server as TlsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import type { Metrics } from '../api/metrics.ts';
import { StartError } from '../start-error.ts';
import { LastRequests } from './last-requests.ts';
import type { CertificateAndKey } from './self-signed.ts';

/** Where the metrics are, apart from the API. */
export interface MetricsPlace {
  readonly host: string;
  /** 0: any free port. */
  readonly port: number;
}

/** Connections at a time; one more is closed. Milliseconds for a request to arrive. */
const CONNECTIONS = 32;
const PATIENCE = 5_000;
const TLS = 'TLSv1.2';

export interface MetricsListenerOptions {
  readonly place: MetricsPlace;
  /** Descriptor of a socket that is bound there already; null: one is opened. */
  readonly heldSocket: number | null;
  readonly metrics: Pick<Metrics, 'contentType' | 'text'>;
  /** What it shows; null: it speaks plain HTTP. */
  readonly tls: CertificateAndKey | null;
}

/** Answers `GET /metrics` at an address of its own, and nothing else. */
export class MetricsListener {
  readonly url: string;
  readonly #server: Server;
  readonly #secure: boolean;
  /** Null: nobody follows on the same socket. */
  readonly #last: LastRequests | null;

  /** Rejects with a StartError. */
  static async open({ place, heldSocket, metrics, tls }: MetricsListenerOptions): Promise<MetricsListener> {
    const { host, port } = place;
    const answer = answerWith(metrics);
    const limits = { headersTimeout: PATIENCE, requestTimeout: PATIENCE };
    const server =
      tls === null
        ? process.getBuiltinModule('node:http').createServer(limits, answer)
        : process
            .getBuiltinModule('node:https')
            .createServer({ ...limits, cert: tls.certificate, key: tls.key, minVersion: TLS }, answer);
    server.maxConnections = CONNECTIONS;
    const last = heldSocket === null ? null : new LastRequests(server);
    if (heldSocket === null) server.listen(port, host);
    else server.listen({ fd: heldSocket });
    try {
      await once(server, 'listening');
    } catch (error) {
      const reason = error instanceof Error && 'code' in error ? error.code : String(error);
      throw new StartError(
        `cannot serve metrics on ${host} port ${port} (${reason}); choose another --control-metrics`,
        error,
      );
    }
    return new MetricsListener(server, host, tls !== null, last);
  }

  private constructor(server: Server, host: string, secure: boolean, last: LastRequests | null) {
    const { port } = server.address() as AddressInfo;
    this.url = `${secure ? 'https' : 'http'}://${host.includes(':') ? `[${host}]` : host}:${port}/metrics`;
    this.#server = server;
    this.#secure = secure;
    this.#last = last;
  }

  /** New connections are shown this from now on. */
  show({ certificate: cert, key }: CertificateAndKey): void {
    if (this.#secure) (this.#server as TlsServer).setSecureContext({ cert, key, minVersion: TLS });
  }

  async close(): Promise<void> {
    await this.#last?.answer();
    const closed = this.#last === null ? once(this.#server, 'close') : null;
    this.#server.close();
    this.#server.closeAllConnections();
    await closed;
  }
}

function answerWith(metrics: Pick<Metrics, 'contentType' | 'text'>): RequestListener {
  return (request, response) => {
    if (request.url?.split('?', 1)[0] !== '/metrics') {
      response.writeHead(404).end();
    } else if (request.method !== 'GET' && request.method !== 'HEAD') {
      response.writeHead(405, { allow: 'GET, HEAD' }).end();
    } else {
      metrics.text().then(
        (text) => response.writeHead(200, { 'content-type': metrics.contentType }).end(text),
        () => response.writeHead(500).end(),
      );
    }
  };
}
