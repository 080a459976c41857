import { createHash, type KeyObject, randomBytes, sign, X509Certificate } from 'node:crypto';
import { integer, oid, sequence, tagged, time } from './write-der.ts';

/** Object identifiers in their encoded form (RFC 5280 §4.1.2.4, §4.2.1). */
export const OID = {
  commonName: '550403',
  serialNumber: '550405',
  organization: '55040a',
  ecdsaWithSha256: '2a8648ce3d040302',
  subjectKeyIdentifier: '551d0e',
  keyUsage: '551d0f',
  subjectAltName: '551d11',
  basicConstraints: '551d13',
  authorityKeyIdentifier: '551d23',
  extendedKeyUsage: '551d25',
  serverAuthentication: '2b06010505070301',
  clientAuthentication: '2b06010505070302',
} as const;

/** Bits of the extension keyUsage: how many of the last byte are unused, and the byte (RFC 5280 §4.2.1.3). */
const KEY_USAGE = { digitalSignature: [7, 0x80], certificateSign: [2, 0x04] } as const;
const CRITICAL = Buffer.of(0x01, 0x01, 0xff);
const SERIAL_BYTES = 16;

/** A certificate before it is signed. Names are DER; times in Unix milliseconds, kept to the second. */
export interface Unsigned {
  readonly issuer: Buffer;
  readonly subject: Buffer;
  readonly notBefore: number;
  readonly notAfter: number;
  /** SubjectPublicKeyInfo as DER. */
  readonly publicKey: Uint8Array;
  readonly extensions: readonly Buffer[];
}

/** Signs a certificate (RFC 5280 §4.1) by ECDSA with SHA-256, which the key on P-256 is for. Its serial number is random. */
export function issueCertificate(unsigned: Unsigned, key: KeyObject): X509Certificate {
  const algorithm = sequence(oid(OID.ecdsaWithSha256));
  const serial = randomBytes(SERIAL_BYTES);
  // Positive, and without zeros in front (RFC 5280 §4.1.2.2).
  serial[0] = (serial[0]! & 0x7f) | 0x40;
  const body = sequence(
    tagged(0xa0, integer(Buffer.of(2))),
    integer(serial),
    algorithm,
    unsigned.issuer,
    sequence(time(unsigned.notBefore), time(unsigned.notAfter)),
    unsigned.subject,
    unsigned.publicKey,
    tagged(0xa3, sequence(...unsigned.extensions)),
  );
  const signature = sign('sha256', body, key);
  return new X509Certificate(sequence(body, algorithm, tagged(0x03, Buffer.of(0), signature)));
}

/** A distinguished name of attributes in this order, each an object identifier and its text. */
export function distinguishedName(...attributes: readonly (readonly [id: string, text: string])[]): Buffer {
  return sequence(
    ...attributes.map(([id, text]) => tagged(0x31, sequence(oid(id), tagged(0x0c, Buffer.from(text, 'utf8'))))),
  );
}

export const extension = (id: string, value: Uint8Array, critical = false) =>
  sequence(oid(id), ...(critical ? [CRITICAL] : []), tagged(0x04, value));

/** Of an authority that certifies no other authorities. */
export const authorityConstraints = () =>
  extension(OID.basicConstraints, sequence(Buffer.of(0x01, 0x01, 0xff), integer(Buffer.of(0))), true);

/** Of a certificate that certifies nothing. */
export const noAuthority = () => extension(OID.basicConstraints, sequence(), true);

export const keyUsage = (use: keyof typeof KEY_USAGE) =>
  extension(OID.keyUsage, tagged(0x03, Buffer.of(...KEY_USAGE[use])), true);

export const extendedKeyUsage = (...uses: readonly string[]) =>
  extension(OID.extendedKeyUsage, sequence(...uses.map(oid)));

export const subjectKeyIdentifier = (publicKey: Uint8Array) =>
  extension(OID.subjectKeyIdentifier, tagged(0x04, keyIdentifier(publicKey)));

/** Which of its keys the authority has signed with. */
export const authorityKeyIdentifier = (publicKey: Uint8Array) =>
  extension(OID.authorityKeyIdentifier, sequence(tagged(0x80, keyIdentifier(publicKey))));

/** RFC 7093 §2: 160 bits of the SHA-256 of the whole key. */
function keyIdentifier(publicKey: Uint8Array): Buffer {
  return createHash('sha256').update(publicKey).digest().subarray(0, 20);
}
