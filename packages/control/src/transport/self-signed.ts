import { generateKeyPairSync, randomBytes, sign, X509Certificate } from 'node:crypto';
import { BlockList, isIP, isIPv4 } from 'node:net';
import { integer, oid, sequence, tagged, time } from '../x509/write-der.ts';

/** Object identifiers in their encoded form. */
const OID = {
  commonName: '550403',
  ecdsaWithSha256: '2a8648ce3d040302',
  basicConstraints: '551d13',
  keyUsage: '551d0f',
  extendedKeyUsage: '551d25',
  serverAuthentication: '2b06010505070301',
  subjectAltName: '551d11',
} as const;

/** Milliseconds that a certificate is good for, and for how long it begins before now: clocks differ. */
const LIFETIME = 398 * 86_400_000;
const EARLIER = 3_600_000;

export interface CertificateAndKey {
  /** PEM. */
  readonly certificate: string;
  readonly key: string;
}

/**
 * Makes a certificate for a server that nobody else vouches for (RFC 5280), with a key on P-256.
 * `names`: host names and addresses that it is for. `now` in Unix milliseconds.
 */
export function makeSelfSigned(names: readonly string[], now: number): CertificateAndKey {
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'prime256v1' });
  const algorithm = sequence(oid(OID.ecdsaWithSha256));
  const name = sequence(
    tagged(0x31, sequence(oid(OID.commonName), tagged(0x0c, Buffer.from('Evenkeel control plane')))),
  );
  const serial = randomBytes(16);
  // Positive, and without zeros in front (RFC 5280 §4.1.2.2).
  serial[0] = (serial[0]! & 0x7f) | 0x40;
  const body = sequence(
    tagged(0xa0, integer(Buffer.of(2))),
    integer(serial),
    algorithm,
    name,
    sequence(time(now - EARLIER), time(now + LIFETIME)),
    name,
    publicKey.export({ type: 'spki', format: 'der' }),
    tagged(0xa3, sequence(...extensions(names))),
  );
  const signature = sign('sha256', body, privateKey);
  const der = sequence(body, algorithm, tagged(0x03, Buffer.of(0), signature));
  return {
    certificate: new X509Certificate(der).toString(),
    key: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
  };
}

function* extensions(names: readonly string[]): Generator<Buffer> {
  const critical = Buffer.of(0x01, 0x01, 0xff);
  const extension = (id: string, value: Uint8Array, ...flags: readonly Uint8Array[]) =>
    sequence(oid(id), ...flags, tagged(0x04, value));
  yield extension(OID.basicConstraints, sequence(), critical);
  // digitalSignature, the first bit of nine.
  yield extension(OID.keyUsage, tagged(0x03, Buffer.of(7, 0x80)), critical);
  yield extension(OID.extendedKeyUsage, sequence(oid(OID.serverAuthentication)));
  yield extension(OID.subjectAltName, sequence(...names.map(alternativeName)));
}

function alternativeName(name: string): Buffer {
  return isIP(name) === 0 ? tagged(0x82, Buffer.from(name)) : tagged(0x87, addressBytes(name));
}

/** 4 or 16 bytes. */
function addressBytes(address: string): Buffer {
  if (isIPv4(address)) return Buffer.from(address.split('.').map(Number));
  const [head = '', tail] = address.split('%', 1)[0]!.split('::');
  const groups = (text: string) => (text === '' ? [] : text.split(':').map((group) => Number.parseInt(group, 16)));
  const [front, back] = [groups(head), groups(tail ?? '')];
  const all = [...front, ...Array<number>(8 - front.length - back.length).fill(0), ...back];
  return Buffer.from(all.flatMap((group) => [group >>> 8, group & 0xff]));
}

const LOOPBACK = new BlockList();
LOOPBACK.addSubnet('127.0.0.0', 8);
LOOPBACK.addAddress('::1', 'ipv6');

/** Whether nobody beyond this machine can reach what listens there. A name is none: it may stand for anything. */
export function isLoopback(host: string): boolean {
  const family = isIP(host);
  return family !== 0 && LOOPBACK.check(host, family === 4 ? 'ipv4' : 'ipv6');
}
