import type { TlsOptions } from 'node:tls';
import type { FastifyInstance } from 'fastify';
import type { Logger } from 'pino';
import type { Membership } from '../nodes/membership/membership.ts';
import type { ApiCertificate } from './api-certificate.ts';
import { showTo } from './listen.ts';
import type { CertificateAndKey } from './self-signed.ts';

/**
 * Everybody is asked for a certificate of the authority of nodes, and nobody has to have one: browsers and other clients
 * come with other credentials. Whether one is there, and good, is for whoever serves nodes to look at.
 */
export const ASKED: Pick<TlsOptions, 'requestCert' | 'rejectUnauthorized'> = {
  requestCert: true,
  rejectUnauthorized: false,
};

/** What the server shows, and whose certificates it asks for: the names of others are not offered to browsers. */
export function secureContextOf(
  { certificate: cert, key }: CertificateAndKey,
  { authorityCertificate }: Pick<Membership, 'authorityCertificate'>,
): Pick<TlsOptions, 'cert' | 'key' | 'ca' | 'minVersion'> {
  return { cert, key, minVersion: 'TLSv1.2', ca: authorityCertificate === null ? [] : [authorityCertificate] };
}

/** The first control plane that leads makes the authority of nodes, which it can write only then, and asks for its certificates. */
export function beginAuthority(
  server: FastifyInstance['server'],
  certificate: ApiCertificate,
  membership: Membership,
  logger: Logger,
): void {
  membership.ensureAuthority().then(
    () => showTo(server, secureContextOf(certificate.shown, membership)),
    (error) => logger.error({ err: error }, 'the authority of nodes could not be made'),
  );
}
