import { SSL_CIPHER_get_name, SSL_get_current_cipher, SSL_session_reused, SSL_version } from './ffi/openssl.ts';
import type { PeerCertificate, TlsInfo } from './tls-info.ts';

const TLS_1_3 = 0x0304;

/** Names of cipher suites by the address of OpenSSL's constant. */
const cipherNames = new Map<number, string>();

/** Reads what a finished handshake has settled; the other arguments are what the caller knows of it. */
export function readTlsInfo(
  ssl: number,
  serverName: string,
  protocol: string,
  clientCertificate: PeerCertificate | null,
): TlsInfo {
  const address = SSL_get_current_cipher(ssl);
  const cipher = cipherNames.get(address) ?? SSL_CIPHER_get_name(address);
  cipherNames.set(address, cipher);
  return {
    version: SSL_version(ssl) === TLS_1_3 ? 'TLSv1.3' : 'TLSv1.2',
    cipher,
    serverName,
    protocol,
    resumed: SSL_session_reused(ssl) === 1,
    clientCertificate,
  };
}
