import { NotCarried } from '../findings.ts';
import type { Statement } from './sections.ts';
import { endpointOf } from './server.ts';

/** One address and port that a frontend listens on. */
export interface Bind {
  readonly statement: Statement;
  /** Empty: all addresses. */
  readonly address: string;
  readonly port: number;
  readonly tls: boolean;
  /** Files of certificates, the default one first. */
  readonly certificates: readonly string[];
  readonly acceptProxy: boolean;
  readonly transparent: boolean;
  /** The file of the authority that clients' certificates are judged by, and whether they must have one. */
  readonly clients: { readonly file: string; readonly mode: 'optional' | 'required' } | null;
}

/** Keywords of binds that have a value (manual, §5.1). */
const WITH_VALUE = new Set(
  (
    'alpn backlog ca-file ca-ignore-err ca-sign-file ca-verify-file ciphers ciphersuites crl-file crt crt-ignore-err crt-list ' +
    'curves ecdhe gid group id interface level maxconn mode mss name namespace nice npn process proto shards ' +
    'severity-output ssl-max-ver ssl-min-ver tcp-ut thread tls-ticket-keys uid user verify'
  ).split(' '),
);

/** Throws NotCarried when nothing can listen there. */
export function bindsOf(statement: Statement): Bind[] {
  const [, addresses = '', ...words] = statement.words;
  const settings = new Map<string, string[]>();
  for (let at = 0; at < words.length; at++) {
    const keyword = words[at]!;
    const value = WITH_VALUE.has(keyword) ? (words[++at] ?? '') : '';
    settings.set(keyword, [...(settings.get(keyword) ?? []), value]);
  }
  if (settings.has('crt-list')) throw new NotCarried('lists its certificates in a file: name them with `crt`');
  const authority = settings.get('ca-file')?.[0];
  const verify = settings.get('verify')?.[0] ?? 'none';
  const asked = authority !== undefined && (verify === 'required' || verify === 'optional');
  return addresses.split(',').map((text) => {
    if (/^(unix|abns|fd|sockpair|quic\d?)@|^\//.test(text)) throw new NotCarried('listens on something other than TCP');
    const { address, port } = endpointOf(text);
    if (port === null) throw new NotCarried('names no single port: a listener has one');
    return {
      statement,
      address: ['*', '', '0.0.0.0', '::'].includes(address) ? '' : address,
      port,
      tls: settings.has('ssl'),
      certificates: settings.get('crt') ?? [],
      acceptProxy: settings.has('accept-proxy'),
      transparent: settings.has('transparent'),
      clients: asked ? { file: authority, mode: verify } : null,
    };
  });
}
