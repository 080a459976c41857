import type { Server as TlsServer } from 'node:https';
import type { SecureContextOptions } from 'node:tls';
import type { FastifyInstance, FastifyListenOptions } from 'fastify';
import type { Metrics } from '../api/metrics.ts';
import type { ControlPlaneOptions } from '../options.ts';
import { StartError } from '../start-error.ts';
import type { ApiCertificate } from './api-certificate.ts';
import type { MetricsListener, MetricsPlace } from './metrics-listener.ts';
import { type CertificateAndKey, isLoopback } from './self-signed.ts';

/** Milliseconds: how often it is looked whether the certificate has changed. */
const LOOK = 10_000;

/** Connections that may wait to be accepted; of further ones the kernel drops the first packet, which clients repeat. */
const BACKLOG = 511;

/** Has the server listen, on the socket that is held for it if there is one; resolves with its origin. Rejects with a StartError. */
export async function listen(app: FastifyInstance, options: ControlPlaneOptions): Promise<string> {
  const { host, port, heldSocket } = options;
  const place: FastifyListenOptions & { fd?: number } = heldSocket === null ? { host, port } : { host, fd: heldSocket };
  try {
    await app.listen({ ...place, backlog: BACKLOG });
  } catch (error) {
    await app.close();
    const reason = error instanceof Error && 'code' in error ? error.code : String(error);
    if (reason === 'EADDRINUSE') {
      throw new StartError(
        `port ${port} of ${host} is in use; stop what listens there, or choose another --port`,
        error,
      );
    }
    throw new StartError(`cannot listen on ${host} port ${port} (${reason}); choose another --host or --port`, error);
  }
  const address = app.server.address();
  return originOf(options, typeof address === 'object' && address !== null ? address.port : port);
}

/** Where the API is reached from this machine. */
export function originOf({ host, tls }: ControlPlaneOptions, port: number): string {
  const reachable = host === '0.0.0.0' ? '127.0.0.1' : host === '::' ? '::1' : host;
  return `${tls === null ? 'http' : 'https'}://${reachable.includes(':') ? `[${reachable}]` : reachable}:${port}`;
}

export interface CertificateEvents {
  /** What the server goes by when it shows that one. */
  readonly contextOf: (shown: CertificateAndKey) => SecureContextOptions;
  /** New connections are shown another certificate from now on. */
  readonly changed: () => void;
  /** What is in the files is no good; the one before goes on. */
  readonly failed: (error: unknown) => void;
}

/** New connections go by this from now on. */
export function showTo(server: FastifyInstance['server'], context: SecureContextOptions): void {
  (server as unknown as TlsServer).setSecureContext(context);
}

/** Has the server show what is in the files, soon after it has changed. Returns what ends that. */
export function followCertificate(
  server: FastifyInstance['server'],
  certificate: ApiCertificate,
  { contextOf, changed, failed }: CertificateEvents,
): () => void {
  const look = setInterval(() => {
    try {
      if (!certificate.refresh()) return;
      showTo(server, contextOf(certificate.shown));
      changed();
    } catch (error) {
      failed(error);
    }
  }, LOOK);
  return () => clearInterval(look);
}

/** Serves the metrics apart from the API. Loaded when it is asked for: most have them with the API. */
export async function openMetrics(
  place: MetricsPlace,
  heldSocket: number | null,
  metrics: Metrics,
  certificate: ApiCertificate | null,
): Promise<MetricsListener> {
  const { MetricsListener } = await import('./metrics-listener.ts');
  const tls = isLoopback(place.host) ? null : (certificate?.shown ?? null);
  return MetricsListener.open({ place, heldSocket, metrics, tls });
}
