import { TLS_VERSIONS, type TlsVersion } from './plan/tls.ts';

/** One cipher that a security policy may list, under OpenSSL's name. */
export interface TlsCipher {
  readonly name: string;
  readonly version: TlsVersion;
  /** What the certificate's key must be. Ciphers of TLS 1.3 go with both. */
  readonly keyTypes: readonly ('rsa' | 'ecdsa')[];
  /** Whether recorded traffic stays secret when the certificate's key gets known. */
  readonly forwardSecrecy: boolean;
}

const tls13 = (name: string): TlsCipher => ({
  name,
  version: '1.3',
  keyTypes: ['rsa', 'ecdsa'],
  forwardSecrecy: true,
});
const tls12 = (name: string): TlsCipher => ({
  name,
  version: '1.2',
  keyTypes: [name.startsWith('ECDHE-ECDSA-') ? 'ecdsa' : 'rsa'],
  forwardSecrecy: name.startsWith('ECDHE-'),
});

/**
 * Every cipher there is, the best first. DHE is left out: it costs a server several times what ECDHE does, and no
 * client needs it. So are ciphers without authentication, with CCM, and all that RFC 9325 §4.1 forbids.
 */
export const TLS_CIPHERS: readonly TlsCipher[] = [
  ...['TLS_AES_256_GCM_SHA384', 'TLS_CHACHA20_POLY1305_SHA256', 'TLS_AES_128_GCM_SHA256'].map(tls13),
  ...[
    'ECDHE-ECDSA-AES256-GCM-SHA384',
    'ECDHE-RSA-AES256-GCM-SHA384',
    'ECDHE-ECDSA-CHACHA20-POLY1305',
    'ECDHE-RSA-CHACHA20-POLY1305',
    'ECDHE-ECDSA-AES128-GCM-SHA256',
    'ECDHE-RSA-AES128-GCM-SHA256',
    'ECDHE-ECDSA-AES256-SHA384',
    'ECDHE-RSA-AES256-SHA384',
    'ECDHE-ECDSA-AES128-SHA256',
    'ECDHE-RSA-AES128-SHA256',
    'ECDHE-ECDSA-AES256-SHA',
    'ECDHE-RSA-AES256-SHA',
    'ECDHE-ECDSA-AES128-SHA',
    'ECDHE-RSA-AES128-SHA',
    'AES256-GCM-SHA384',
    'AES128-GCM-SHA256',
    'AES256-SHA256',
    'AES128-SHA256',
    'AES256-SHA',
    'AES128-SHA',
  ].map(tls12),
];

/** What a security policy says of the protocol; see resources/security-policy.ts. */
export interface TlsSettings {
  readonly versions: readonly TlsVersion[];
  readonly ciphers: readonly string[];
}

export interface BuiltInPolicy extends TlsSettings {
  readonly id: string;
  readonly description: string;
}

export const DEFAULT_SECURITY_POLICY = 'tls-1-2-2025';

const namesOf = (fits: (cipher: TlsCipher) => boolean) => TLS_CIPHERS.filter(fits).map(({ name }) => name);
const isAead = ({ name }: TlsCipher) => /GCM|POLY1305/.test(name);

/** The policies that every installation has. They never change: a better list comes as a policy of another name. */
export const BUILT_IN_POLICIES: readonly BuiltInPolicy[] = [
  {
    id: DEFAULT_SECURITY_POLICY,
    description:
      'TLS 1.2 and 1.3, forward secrecy and authenticated encryption only: for every client since about 2015.',
    versions: TLS_VERSIONS,
    ciphers: namesOf((cipher) => isAead(cipher) && cipher.forwardSecrecy),
  },
  {
    id: 'tls-1-2-strict',
    description: 'As tls-1-2-2025, with keys of 256 bits only.',
    versions: TLS_VERSIONS,
    ciphers: namesOf(
      (cipher) =>
        isAead(cipher) && cipher.forwardSecrecy && !cipher.name.includes('AES_128') && !cipher.name.includes('AES128'),
    ),
  },
  {
    id: 'tls-1-3-only',
    description: 'TLS 1.3 alone.',
    versions: ['1.3'],
    ciphers: namesOf(({ version }) => version === '1.3'),
  },
  {
    id: 'compatible',
    description: 'TLS 1.2 and 1.3 with every supported cipher, some without forward secrecy: for old devices only.',
    versions: TLS_VERSIONS,
    ciphers: namesOf(() => true),
  },
];
