import { createPrivateKey, type KeyObject, X509Certificate } from 'node:crypto';
import { CERTIFICATE } from '@evenkeel/model/limits.ts';
import type { CertificateLink } from '@evenkeel/model/resources/certificate.ts';
import { refuseField } from '../problem.ts';
import { Secret } from '../secrets/secret.ts';
import { canonicalHostName } from './host-names.ts';
import { pemBlocks } from './pem.ts';

/** Extended key usages (RFC 5280 §4.2.1.12). */
const SERVER_AUTHENTICATION = '1.3.6.1.5.5.7.3.1';
const ANY_USAGE = '2.5.29.37.0';
const RSA_BITS = { minimum: 2_048, maximum: 8_192 };
const CURVE_BITS: Readonly<Record<string, number>> = { prime256v1: 256, secp384r1: 384 };
const KEYS = 'RSA of 2048 to 8192 bits, or ECDSA on P-256 or P-384';
/** Signed with these, a certificate is refused by clients and by OpenSSL (RFC 9155). */
const WEAK_HASHES = /sha1|md5/i;

/** What a certificate resource is made of, once it has been found to be sound. */
export interface CertificateMaterial {
  /** PEM, the server's own certificate first, nothing else in it. */
  readonly pem: string;
  readonly privateKey: Secret;
  readonly names: string[];
  readonly keyType: 'rsa' | 'ecdsa';
  readonly keySize: number;
  readonly chain: CertificateLink[];
  readonly notAfter: string;
}

/**
 * Checks a chain with its key: every certificate readable, in order and signed by the next, in its time, the first for
 * a server, the key the one that belongs to it. `now` in Unix milliseconds; `at` is the pointer to the body.
 */
export function readCertificate(chainPem: string, key: Secret, now: number, at: string): CertificateMaterial {
  const field = `${at}/chain`;
  const chain = readCertificates(chainPem, CERTIFICATE.chainLinks, field);
  const own = chain[0]!;
  const privateKey = readKey(key.reveal(), `${at}/privateKey`);
  checkKeyMatch(chain, privateKey, at);
  const kind = keyKind(own.publicKey) ?? refuseField('certificate-invalid', field, `the key is not ${KEYS}`, KEYS);
  checkOrder(chain, field);
  checkTimes(chain, now, field);
  checkUsage(own, field);
  return {
    pem: chain.map((certificate) => certificate.toString()).join(''),
    privateKey: new Secret(privateKey.export({ type: 'pkcs8', format: 'pem' }).toString()),
    names: namesOf(own, field),
    ...kind,
    chain: chain.map(linkOf),
    notAfter: firstEnd(chain),
  };
}

/** The certificates of a PEM text, at least one; refuses what is none, and what should not be there. */
export function readCertificates(pem: string, limit: number, at: string): X509Certificate[] {
  const blocks = pemBlocks(pem);
  const other = blocks.find(({ label }) => label !== 'CERTIFICATE');
  if (other !== undefined) {
    refuseField('certificate-invalid', at, `holds a ${other.label.toLowerCase()}; it takes certificates alone`);
  }
  if (blocks.length === 0) refuseField('certificate-invalid', at, 'holds no certificate in PEM form');
  if (blocks.length > limit) refuseField('certificate-invalid', at, `holds more than ${limit} certificates`);
  return blocks.map(({ text }, i) => {
    const reason = `certificate ${i + 1} cannot be read: it is damaged or no X.509`;
    const certificate = parse(text) ?? refuseField('certificate-invalid', at, reason);
    const { validFromDate, validToDate } = certificate;
    if (validFromDate.getTime() <= validToDate.getTime()) return certificate;
    const times = `on ${day(validToDate)}, before it begins on ${day(validFromDate)}`;
    return refuseField('certificate-invalid', at, `the time of certificate ${i + 1} ends ${times}`);
  });
}

/** Null also when its times or its key cannot be read, which are looked at only when they are asked for. */
function parse(pem: string): X509Certificate | null {
  try {
    const certificate = new X509Certificate(pem);
    const { publicKey, validFromDate, validToDate } = certificate;
    const hasTimes = !Number.isNaN(validFromDate.getTime()) && !Number.isNaN(validToDate.getTime());
    return publicKey.type === 'public' && hasTimes ? certificate : null;
  } catch {
    return null;
  }
}

export function linkOf(certificate: X509Certificate): CertificateLink {
  return {
    subject: nameText(certificate.subject),
    issuer: nameText(certificate.issuer),
    serialNumber: certificate.serialNumber.toLowerCase(),
    fingerprint: certificate.fingerprint256.replaceAll(':', '').toLowerCase(),
    notBefore: certificate.validFromDate.toISOString(),
    notAfter: certificate.validToDate.toISOString(),
  };
}

/** When the first of them expires. */
export function firstEnd(certificates: readonly X509Certificate[]): string {
  return new Date(Math.min(...certificates.map(({ validToDate }) => validToDate.getTime()))).toISOString();
}

/** Refuses a certificate whose time is over. */
export function checkNotExpired(certificate: X509Certificate, now: number, at: string): void {
  if (certificate.validToDate.getTime() > now) return;
  refuseField('certificate-invalid', at, `${titleOf(certificate)} expired on ${day(certificate.validToDate)}`);
}

/** How an error names a certificate. */
export function titleOf({ subject, serialNumber }: X509Certificate): string {
  return `the certificate of ${subject === undefined ? `serial number ${serialNumber}` : nameText(subject)}`;
}

function readKey(pem: string, at: string): KeyObject {
  if (/ENCRYPTED/.test(pem)) {
    refuseField('certificate-invalid', at, 'is encrypted; decrypt it first: openssl pkey -in KEY -out PLAIN');
  }
  const blocks = pemBlocks(pem).filter(({ label }) => label.endsWith('PRIVATE KEY'));
  if (blocks.length !== 1) {
    const found = blocks.length === 0 ? 'no private key' : `${blocks.length} private keys`;
    refuseField('certificate-invalid', at, `holds ${found} in PEM form, where one should be`);
  }
  let key: KeyObject;
  try {
    key = createPrivateKey(blocks[0]!.text);
  } catch {
    // The reason of OpenSSL could quote what it read.
    refuseField('certificate-invalid', at, 'cannot be read: it is damaged or no private key');
  }
  return keyKind(key) === null ? refuseField('certificate-invalid', at, `is not ${KEYS}`, KEYS) : key;
}

function keyKind(key: KeyObject): Pick<CertificateMaterial, 'keyType' | 'keySize'> | null {
  const { modulusLength = 0, namedCurve = '' } = key.asymmetricKeyDetails ?? {};
  if (key.asymmetricKeyType === 'rsa') {
    const fits = modulusLength >= RSA_BITS.minimum && modulusLength <= RSA_BITS.maximum;
    return fits ? { keyType: 'rsa', keySize: modulusLength } : null;
  }
  const bits = key.asymmetricKeyType === 'ec' ? CURVE_BITS[namedCurve] : undefined;
  return bits === undefined ? null : { keyType: 'ecdsa', keySize: bits };
}

function checkKeyMatch(chain: readonly X509Certificate[], key: KeyObject, at: string): void {
  const place = chain.findIndex((certificate) => certificate.checkPrivateKey(key));
  if (place === 0) return;
  if (place > 0) {
    const reason = `begins with the wrong certificate: the key belongs to number ${place + 1}, which must come first`;
    refuseField('certificate-invalid', `${at}/chain`, reason);
  }
  refuseField('certificate-invalid', `${at}/privateKey`, `does not belong to ${titleOf(chain[0]!)}`);
}

function checkOrder(chain: readonly X509Certificate[], at: string): void {
  for (const [i, certificate] of chain.entries()) {
    const issuer = chain[i + 1];
    checkHash(certificate, at);
    if (issuer === undefined) return;
    if (certificate.checkIssued(issuer) && certificate.verify(issuer.publicKey)) continue;
    const reason = `certificate ${i + 2} did not sign certificate ${i + 1}: each must be followed by its issuer`;
    refuseField('certificate-invalid', at, reason);
  }
}

/** The signature of a root is nothing that anybody relies on. */
function checkHash(certificate: X509Certificate, at: string): void {
  const { signatureAlgorithm: algorithm } = certificate;
  if (algorithm === undefined || !WEAK_HASHES.test(algorithm) || certificate.checkIssued(certificate)) return;
  refuseField('certificate-invalid', at, `${titleOf(certificate)} is signed with ${algorithm}, which clients refuse`);
}

function checkTimes(chain: readonly X509Certificate[], now: number, at: string): void {
  for (const certificate of chain) checkNotExpired(certificate, now, at);
}

function checkUsage({ keyUsage }: X509Certificate, at: string): void {
  // Node names the extended key usages so; it is undefined when there are none.
  if (keyUsage === undefined || keyUsage.includes(SERVER_AUTHENTICATION) || keyUsage.includes(ANY_USAGE)) return;
  refuseField('certificate-invalid', at, 'the first certificate is not for servers: its key usage forbids it');
}

/** The host names in the subject alternative name; without any there, the common name (RFC 6125 §6.4.4). */
function namesOf(certificate: X509Certificate, at: string): string[] {
  const names = new Set<string>();
  let sawDns = false;
  // Node quotes a name that has a comma in it, so that no part of it passes for a host name.
  for (const entry of (certificate.subjectAltName ?? '').split(', ')) {
    if (!entry.startsWith('DNS:')) continue;
    sawDns = true;
    const name = canonicalHostName(entry.slice('DNS:'.length));
    if (name !== null) names.add(name);
  }
  if (!sawDns) {
    const commonName = /(?:^|\n)CN=(.+)/.exec(certificate.subject ?? '')?.[1];
    const name = commonName === undefined ? null : canonicalHostName(commonName);
    if (name !== null) names.add(name);
  }
  if (names.size > CERTIFICATE.names) {
    refuseField('certificate-invalid', at, `is for more than ${CERTIFICATE.names} names`);
  }
  return [...names];
}

/** A distinguished name on one line. */
function nameText(name: string | undefined): string {
  return (name ?? '').split('\n').join(', ');
}

function day(date: Date): string {
  return date.toISOString().slice(0, 10);
}
