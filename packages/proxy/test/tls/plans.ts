import type { PlannedListener } from '@evenkeel/model/plan/objects.ts';
import { PLAIN_HTTP_LISTENER } from '@evenkeel/model/plan/plain.ts';
import type { PlannedTls } from '@evenkeel/model/plan/tls.ts';

/** TLS settings that leave everything to OpenSSL. */
export const TLS: PlannedTls = {
  defaultCertificates: [],
  certificates: [],
  versions: ['1.2', '1.3'],
  ciphers: [],
  ciphersuites: [],
  sessionTickets: true,
  clientCertificates: null,
};

/** An HTTPS listener on an ephemeral port of 127.0.0.1. */
export function listenerWithTls(tls: Partial<PlannedTls>, changes: Partial<PlannedListener> = {}): PlannedListener {
  return {
    id: 'lsn',
    loadBalancerId: 'lb',
    loadBalancerName: 'web',
    name: 'lsn',
    protocol: 'https',
    addresses: ['127.0.0.1'],
    port: 0,
    serviceId: 'svc',
    idleTimeout: 5_000,
    headerTimeout: 1_000,
    accessLog: true,
    ...PLAIN_HTTP_LISTENER,
    tls: { ...TLS, ...tls },
    ...changes,
  };
}
