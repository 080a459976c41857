import type { ClientRequestArgs } from 'node:http';
import type { Duplex } from 'node:stream';
import type { TLSSocket } from 'node:tls';

/** Which server a client of the control plane takes for the right one. */
export interface TlsTrust {
  /**
   * SHA-256 of the server's certificate in hexadecimal, with colons or without, or of several. Such a one is trusted,
   * whatever it says.
   */
  readonly fingerprint?: string | readonly string[];
  /** Certificates of authorities as PEM, in place of those that come with Node. */
  readonly ca?: string;
  /** With a fingerprint: a server that the authorities vouch for is trusted as well. */
  readonly orAuthorities?: boolean;
}

/** What a client shows itself, as PEM. */
export interface OwnCertificate {
  readonly certificate: string;
  readonly key: string;
}

type Connected = (error: Error | null, socket?: Duplex) => void;

/**
 * For `createConnection` of node:https: opens a connection, and hands it over only when the server is the right one.
 * Until then nothing is sent, so that no credential reaches anybody else. `own`: by which the server may know the client.
 */
export function trustedConnection(
  trust: TlsTrust,
  own: OwnCertificate | null = null,
): (options: ClientRequestArgs, connected: Connected) => undefined {
  const { connect } = process.getBuiltinModule('node:tls');
  const { isIP } = process.getBuiltinModule('node:net');
  return ({ host, port, servername }: ClientRequestArgs & { servername?: string }, connected) => {
    const name = (servername || host || 'localhost').replace(/^\[|\]$/g, '');
    const socket = connect({
      host: (host ?? 'localhost').replace(/^\[|\]$/g, ''),
      port: Number(port),
      // An address is no server name (RFC 6066 §3), but what the certificate is checked for.
      ...(isIP(name) === 0 && { servername: name }),
      ALPNProtocols: ['http/1.1'],
      rejectUnauthorized: false,
      ...(trust.ca !== undefined && { ca: trust.ca }),
      ...(own !== null && { cert: own.certificate, key: own.key }),
    });
    const failed = (error: Error): void => connected(error);
    socket.once('error', failed);
    socket.once('secureConnect', () => {
      socket.off('error', failed);
      const fault = faultOf(socket, trust);
      if (fault === null) return connected(null, socket);
      socket.destroy();
      connected(new Error(fault));
    });
  };
}

/** Why the server is not to be trusted; null: it is. */
function faultOf(socket: TLSSocket, { fingerprint, orAuthorities = false }: TlsTrust): string | null {
  const shown = canonicalFingerprint(socket.getPeerCertificate().fingerprint256 ?? '');
  if (fingerprint !== undefined) {
    const trusted = typeof fingerprint === 'string' ? [fingerprint] : fingerprint;
    if (shown !== null && trusted.some((one) => canonicalFingerprint(one) === shown)) return null;
    if (!orAuthorities) return `the certificate is another one than is trusted: its fingerprint is ${shown}`;
  }
  if (socket.authorized) return null;
  // Node has the code here, and not the error that its type says.
  const code = String(socket.authorizationError);
  return `the certificate is not trusted: ${REASONS[code] ?? code}; its fingerprint is ${shown}`;
}

const REASONS: Readonly<Record<string, string>> = {
  DEPTH_ZERO_SELF_SIGNED_CERT: 'it is self-signed',
  SELF_SIGNED_CERT_IN_CHAIN: 'it is signed by an authority that is not known',
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: 'it is signed by an authority that is not known',
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: 'it is signed by an authority that is not known',
  CERT_HAS_EXPIRED: 'it has expired',
  CERT_NOT_YET_VALID: 'its time has not come',
  ERR_TLS_CERT_ALTNAME_INVALID: 'it is for another name or address',
};

/** Upper case with colons, as Node and OpenSSL write it; null when it is no SHA-256. */
export function canonicalFingerprint(text: string): string | null {
  const digits = text.replace(/:/g, '').toUpperCase();
  return /^[0-9A-F]{64}$/.test(digits) ? digits.match(/../g)!.join(':') : null;
}
