import { generateKeyPairSync } from 'node:crypto';
import { BlockList, isIP, isIPv4 } from 'node:net';
import {
  distinguishedName,
  extendedKeyUsage,
  extension,
  issueCertificate,
  keyUsage,
  noAuthority,
  OID,
} from '../x509/issue.ts';
import { sequence, tagged } from '../x509/write-der.ts';

/** Milliseconds that a certificate is good for, and for how long it begins before now: clocks differ. */
const LIFETIME = 398 * 86_400_000;
export const EARLIER = 3_600_000;

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
  const name = distinguishedName([OID.commonName, 'Evenkeel control plane']);
  const certificate = issueCertificate(
    {
      issuer: name,
      subject: name,
      notBefore: now - EARLIER,
      notAfter: now + LIFETIME,
      publicKey: publicKey.export({ type: 'spki', format: 'der' }),
      extensions: [
        noAuthority(),
        keyUsage('digitalSignature'),
        extendedKeyUsage(OID.serverAuthentication),
        extension(OID.subjectAltName, sequence(...names.map(alternativeName))),
      ],
    },
    privateKey,
  );
  return {
    certificate: certificate.toString(),
    key: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
  };
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
