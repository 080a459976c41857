import { createPrivateKey, createPublicKey, generateKeyPairSync, type X509Certificate } from 'node:crypto';
import { Secret } from '../../secrets/secret.ts';
import {
  authorityConstraints,
  authorityKeyIdentifier,
  distinguishedName,
  extendedKeyUsage,
  issueCertificate,
  keyUsage,
  noAuthority,
  OID,
  subjectKeyIdentifier,
} from '../../x509/issue.ts';

/** Milliseconds: how long the authority is good for, and for how long certificates begin before now: clocks differ. */
const LIFETIME = 20 * 365 * 86_400_000;
const EARLIER = 3_600_000;

const NAME = distinguishedName([OID.organization, 'Evenkeel'], [OID.commonName, 'Evenkeel nodes']);

/** Who a certificate is for: a node, and which of its memberships: one that has joined anew is another. */
export interface CertifiedNode {
  readonly node: string;
  readonly identityId: string;
}

/** Vouches for nodes. It is made once in the life of an installation; its key stays sealed but while it signs. */
export class NodeAuthority {
  /** PEM. */
  readonly certificate: string;
  readonly #key: Secret;

  /** `now` in Unix milliseconds. */
  static create(now: number): { readonly certificate: string; readonly key: Secret } {
    const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'prime256v1' });
    const spki = publicKey.export({ type: 'spki', format: 'der' });
    const certificate = issueCertificate(
      {
        issuer: NAME,
        subject: NAME,
        notBefore: now - EARLIER,
        notAfter: now + LIFETIME,
        publicKey: spki,
        extensions: [authorityConstraints(), keyUsage('certificateSign'), subjectKeyIdentifier(spki)],
      },
      privateKey,
    );
    const key = new Secret(privateKey.export({ type: 'pkcs8', format: 'pem' }).toString());
    return { certificate: certificate.toString(), key };
  }

  constructor(certificate: string, key: Secret) {
    this.certificate = certificate;
    this.#key = key;
  }

  /** A certificate by which a node is known as a client of TLS. Times in Unix milliseconds; `publicKey` is SPKI as DER. */
  issue(
    { node, identityId }: CertifiedNode,
    publicKey: Uint8Array,
    { now, notAfter }: { readonly now: number; readonly notAfter: number },
  ): X509Certificate {
    const key = createPrivateKey(this.#key.reveal());
    const own = createPublicKey(key).export({ type: 'spki', format: 'der' });
    return issueCertificate(
      {
        issuer: NAME,
        subject: distinguishedName([OID.commonName, node], [OID.serialNumber, identityId]),
        notBefore: now - EARLIER,
        notAfter,
        publicKey,
        extensions: [
          noAuthority(),
          keyUsage('digitalSignature'),
          extendedKeyUsage(OID.clientAuthentication),
          subjectKeyIdentifier(publicKey),
          authorityKeyIdentifier(own),
        ],
      },
      key,
    );
  }
}

/** Who a certificate is for that was issued as above; null: it has another form. */
export function certifiedNode({ subject }: Pick<X509Certificate, 'subject'>): CertifiedNode | null {
  // Node escapes what could pass for a line of its own.
  const [, node, identityId] = /^CN=([a-z0-9.-]{1,63})\nserialNumber=([\w-]{1,64})$/.exec(subject ?? '') ?? [];
  return node === undefined || identityId === undefined ? null : { node, identityId };
}
