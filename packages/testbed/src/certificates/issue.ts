import {
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  type KeyObject,
  randomBytes,
  sign,
  X509Certificate,
} from 'node:crypto';
import {
  bitString,
  boolean,
  explicit,
  integer,
  nothing,
  octetString,
  oid,
  sequence,
  set,
  tagged,
  time,
  utf8,
} from './der.ts';

const DAY = 86_400_000;

/** A certificate with its key, as PEM. */
export interface Identity {
  readonly certificate: string;
  readonly key: string;
}

export type KeyKind = 'rsa-1024' | 'rsa-2048' | 'p256' | 'p384' | 'p521' | 'ed25519';

export interface Wanted {
  readonly commonName?: string;
  /** Host names, for the subject alternative name. */
  readonly names?: readonly string[];
  /** IPv4 addresses, for the same. */
  readonly addresses?: readonly string[];
  readonly key?: KeyKind;
  /** Who signs it; without one, it signs itself. */
  readonly issuer?: Identity;
  readonly ca?: boolean;
  readonly use?: 'server' | 'client';
  /** What is signed with; default SHA-256. */
  readonly hash?: 'sha1' | 'sha256';
  readonly notBefore?: Date;
  readonly notAfter?: Date;
}

/** Makes a certificate for tests (RFC 5280): no program of the system is needed for it. */
export function issue(wanted: Wanted = {}): Identity {
  const { commonName = 'test', key = 'p256', issuer, ca = false } = wanted;
  const own = createKey(key);
  const subject = nameOf(commonName);
  const signer = issuer === undefined ? own : createPrivateKey(issuer.key);
  const now = Date.now();
  const notAfter = wanted.notAfter ?? new Date(now + 90 * DAY);
  // One that has expired has been valid for a day before.
  const notBefore = wanted.notBefore ?? new Date(Math.min(now, notAfter.getTime()) - DAY);
  const body = sequence(
    explicit(0, integer(Buffer.of(2))),
    integer(serialNumber()),
    algorithmOf(signer, wanted.hash),
    issuer === undefined ? subject : subjectOf(issuer),
    sequence(time(notBefore), time(notAfter)),
    subject,
    publicKeyOf(own),
    explicit(3, sequence(...extensions(wanted, ca))),
  );
  return {
    certificate: pem('CERTIFICATE', signed(body, signer, wanted.hash)),
    key: own.export({ type: 'pkcs8', format: 'pem' }).toString(),
  };
}

/** A certificate revocation list of the issuer (RFC 5280 §5). */
export function revocationList(
  issuer: Identity,
  {
    revoked = [],
    nextUpdate = new Date(Date.now() + 7 * DAY),
  }: { revoked?: readonly Identity[]; nextUpdate?: Date } = {},
): string {
  const signer = createPrivateKey(issuer.key);
  const now = time(new Date(Date.now() - 60_000));
  const entries = revoked.map((identity) => sequence(integer(serialOf(identity)), now));
  const body = sequence(
    integer(Buffer.of(1)),
    algorithmOf(signer),
    subjectOf(issuer),
    now,
    time(nextUpdate),
    ...(entries.length > 0 ? [sequence(...entries)] : []),
  );
  return pem('X509 CRL', signed(body, signer));
}

/** An OCSP response about the identity, signed by its issuer (RFC 6960 §4.2.1), as base64 of DER. */
export function ocspResponse(
  issuer: Identity,
  identity: Identity,
  {
    good = true,
    thisUpdate = new Date(Date.now() - 60_000),
    nextUpdate = new Date(Date.now() + DAY),
  }: { good?: boolean; thisUpdate?: Date; nextUpdate?: Date } = {},
): string {
  const signer = createPrivateKey(issuer.key);
  const now = time(thisUpdate);
  const sha1 = sequence(oid('1.3.14.3.2.26'), nothing());
  const id = sequence(sha1, octetString(randomBytes(20)), octetString(randomBytes(20)), integer(serialOf(identity)));
  const status = good ? tagged(0x80) : explicit(1, now);
  const data = sequence(
    explicit(1, subjectOf(issuer)),
    now,
    sequence(sequence(id, status, now, explicit(0, time(nextUpdate)))),
  );
  const basic = signed(data, signer);
  const bytes = explicit(0, sequence(oid('1.3.6.1.5.5.7.48.1.1'), octetString(basic)));
  return sequence(tagged(0x0a, Buffer.of(0)), bytes).toString('base64');
}

function createKey(kind: KeyKind): KeyObject {
  switch (kind) {
    case 'rsa-1024':
      return generateKeyPairSync('rsa', { modulusLength: 1_024 }).privateKey;
    case 'rsa-2048':
      return generateKeyPairSync('rsa', { modulusLength: 2_048 }).privateKey;
    case 'p256':
      return generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey;
    case 'p384':
      return generateKeyPairSync('ec', { namedCurve: 'P-384' }).privateKey;
    case 'p521':
      return generateKeyPairSync('ec', { namedCurve: 'P-521' }).privateKey;
    case 'ed25519':
      return generateKeyPairSync('ed25519').privateKey;
  }
}

function extensions({ names = [], addresses = [], use }: Wanted, ca: boolean): Buffer[] {
  const alternatives = [
    ...names.map((name) => tagged(0x82, Buffer.from(name))),
    ...addresses.map((address) => tagged(0x87, Buffer.from(address.split('.').map(Number)))),
  ];
  const usage = { server: '1.3.6.1.5.5.7.3.1', client: '1.3.6.1.5.5.7.3.2' };
  return [
    extension('2.5.29.19', sequence(...(ca ? [boolean(true)] : []))),
    ...(alternatives.length > 0 ? [extension('2.5.29.17', sequence(...alternatives))] : []),
    ...(use === undefined ? [] : [extension('2.5.29.37', sequence(oid(usage[use])))]),
  ];
}

const extension = (id: string, value: Buffer) => sequence(oid(id), octetString(value));
const nameOf = (commonName: string) => sequence(set(sequence(oid('2.5.4.3'), utf8(commonName))));

function signed(body: Buffer, signer: KeyObject, wanted: Wanted['hash'] = 'sha256'): Buffer {
  const hash = signer.asymmetricKeyType === 'ed25519' ? null : wanted;
  return sequence(body, algorithmOf(signer, wanted), bitString(sign(hash, body, signer)));
}

function algorithmOf(signer: KeyObject, hash: Wanted['hash'] = 'sha256'): Buffer {
  switch (signer.asymmetricKeyType) {
    case 'rsa':
      return sequence(oid(hash === 'sha1' ? '1.2.840.113549.1.1.5' : '1.2.840.113549.1.1.11'), nothing());
    case 'ec':
      return sequence(oid(hash === 'sha1' ? '1.2.840.10045.4.1' : '1.2.840.10045.4.3.2'));
    default:
      return sequence(oid('1.3.101.112'));
  }
}

/** The subject's DER, from a certificate that was made here: the first sequence after the validity. */
function subjectOf({ certificate }: Identity): Buffer {
  const commonName = /CN=(.*)/.exec(new X509Certificate(certificate).subject)?.[1];
  return nameOf(commonName!);
}

function serialOf({ certificate }: Identity): Buffer {
  return Buffer.from(new X509Certificate(certificate).serialNumber, 'hex');
}

function serialNumber(): Buffer {
  const bytes = randomBytes(16);
  bytes[0] = (bytes[0]! & 0x7f) | 0x40;
  return bytes;
}

function publicKeyOf(key: KeyObject): Buffer {
  return createPublicKey(key.export({ type: 'pkcs8', format: 'pem' })).export({ type: 'spki', format: 'der' });
}

function pem(label: string, bytes: Buffer): string {
  const lines = bytes.toString('base64').match(/.{1,64}/g)!;
  return `-----BEGIN ${label}-----\n${lines.join('\n')}\n-----END ${label}-----\n`;
}
