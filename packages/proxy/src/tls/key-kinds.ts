import type { PlannedTls } from '@evenkeel/model/plan/tls.ts';
import type { ClientHello } from './client-hello.ts';

/** Kinds of key that a server's certificate may have: bits, so that a set of them is a number. */
export const KeyKind = { rsa: 1, p256: 2, p384: 4 } as const;
export type KeyKinds = number;

export const ANY_KEY: KeyKinds = KeyKind.rsa | KeyKind.p256 | KeyKind.p384;
const ANY_EC: KeyKinds = KeyKind.p256 | KeyKind.p384;

/**
 * Signatures that each kind of key can make. In TLS 1.3 the algorithm names the curve, and RSA signs with PSS alone
 * (RFC 8446 section 4.2.3). Those with SHA-1 are left out, as OpenSSL leaves them out.
 */
const TLS13_SIGNATURES: ReadonlyMap<number, KeyKinds> = new Map([
  ...[0x0804, 0x0805, 0x0806].map((algorithm) => [algorithm, KeyKind.rsa] as const),
  [0x0403, KeyKind.p256],
  [0x0503, KeyKind.p384],
]);
const TLS12_SIGNATURES: ReadonlyMap<number, KeyKinds> = new Map([
  ...[0x0401, 0x0501, 0x0601, 0x0804, 0x0805, 0x0806].map((algorithm) => [algorithm, KeyKind.rsa] as const),
  ...[0x0403, 0x0503, 0x0603].map((algorithm) => [algorithm, ANY_EC] as const),
]);

/** Curves that a client knows: in TLS 1.2 those of certificates, too (RFC 8422 section 5.1). */
const TLS12_GROUPS: ReadonlyMap<number, KeyKinds> = new Map([
  [0x0017, KeyKind.p256],
  [0x0018, KeyKind.p384],
]);

/** Numbers of the ciphers of TLS 1.2 that policies may name. */
export const TLS12_SUITES: Readonly<Record<string, number>> = {
  'ECDHE-ECDSA-AES256-GCM-SHA384': 0xc02c,
  'ECDHE-RSA-AES256-GCM-SHA384': 0xc030,
  'ECDHE-ECDSA-CHACHA20-POLY1305': 0xcca9,
  'ECDHE-RSA-CHACHA20-POLY1305': 0xcca8,
  'ECDHE-ECDSA-AES128-GCM-SHA256': 0xc02b,
  'ECDHE-RSA-AES128-GCM-SHA256': 0xc02f,
  'ECDHE-ECDSA-AES256-SHA384': 0xc024,
  'ECDHE-RSA-AES256-SHA384': 0xc028,
  'ECDHE-ECDSA-AES128-SHA256': 0xc023,
  'ECDHE-RSA-AES128-SHA256': 0xc027,
  'ECDHE-ECDSA-AES256-SHA': 0xc00a,
  'ECDHE-RSA-AES256-SHA': 0xc014,
  'ECDHE-ECDSA-AES128-SHA': 0xc009,
  'ECDHE-RSA-AES128-SHA': 0xc013,
  'AES256-GCM-SHA384': 0x009d,
  'AES128-GCM-SHA256': 0x009c,
  'AES256-SHA256': 0x003d,
  'AES128-SHA256': 0x003c,
  'AES256-SHA': 0x0035,
  'AES128-SHA': 0x002f,
};

/** Which keys a listener and its clients can use together. */
export class KeyChoice {
  readonly #speaksTls13: boolean;
  readonly #suites: ReadonlyMap<number, KeyKinds>;

  /** Without any ciphers, the listener has those of OpenSSL. */
  constructor({ versions, ciphers }: Pick<PlannedTls, 'versions' | 'ciphers'>) {
    this.#speaksTls13 = versions.includes('1.3');
    const names = ciphers.length > 0 ? ciphers : Object.keys(TLS12_SUITES);
    this.#suites = new Map(
      names.flatMap((name) => {
        const suite = TLS12_SUITES[name];
        return suite === undefined ? [] : [[suite, name.startsWith('ECDHE-ECDSA-') ? ANY_EC : KeyKind.rsa] as const];
      }),
    );
  }

  /** Kinds of key with which a handshake can go on; 0: with none, whatever is shown. */
  usableBy({ offersTls13, suites, groups, signatures }: ClientHello): KeyKinds {
    if (offersTls13 && this.#speaksTls13) return signatures.gather(TLS13_SIGNATURES);
    let kinds = suites.gather(this.#suites);
    // What a client does not say is no reason against a certificate.
    if (!signatures.isEmpty) kinds &= signatures.gather(TLS12_SIGNATURES);
    if (!groups.isEmpty) kinds &= KeyKind.rsa | groups.gather(TLS12_GROUPS);
    return kinds;
  }
}
