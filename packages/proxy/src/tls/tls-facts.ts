import type { TlsFacts } from '../source-address/proxy-protocol/compose.ts';
import type { TlsInfo } from './tls-info.ts';

/** What targets, rules and logs are told of a client's TLS. */
export function factsOf(info: TlsInfo): TlsFacts {
  const { version, cipher, serverName, resumed, clientCertificate } = info;
  return {
    version,
    cipher,
    serverName,
    protocol: info.protocol,
    resumed,
    clientCertificate: clientCertificate !== null,
    commonName: clientCertificate === null ? '' : commonNameOf(clientCertificate.subject),
    ...(clientCertificate === null ? {} : { certificate: clientCertificate }),
  };
}

/** The first common name of a distinguished name as RFC 4514 writes it; empty: none. */
export function commonNameOf(subject: string): string {
  const match = /(?:^|[,+])CN=((?:[^\\,+]|\\.)*)/.exec(subject);
  if (match === null) return '';
  // What is beyond ASCII is written as the bytes of its UTF-8.
  const bytes = match[1]!.replace(/\\([0-9A-Fa-f]{2}|.)/g, (_whole, escaped: string) => unescaped(escaped));
  return Buffer.from(bytes, 'latin1').toString('utf8');
}

function unescaped(escaped: string): string {
  return escaped.length === 2 ? String.fromCharCode(Number.parseInt(escaped, 16)) : escaped;
}
