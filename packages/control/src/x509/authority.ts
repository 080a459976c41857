import type { X509Certificate } from 'node:crypto';
import { AUTHORITY } from '@evenkeel/model/limits.ts';
import type { RevocationList } from '@evenkeel/model/resources/authority.ts';
import type { CertificateLink } from '@evenkeel/model/resources/certificate.ts';
import { refuseField } from '../problem.ts';
import { checkNotExpired, linkOf, readCertificates, titleOf } from './certificate.ts';
import { readRevocationLists } from './revocation-list.ts';

/** What an authority resource is made of, once it has been found to be sound. */
export interface AuthorityMaterial {
  readonly certificatesPem: string;
  readonly revocationListsPem: string;
  readonly certificates: CertificateLink[];
  readonly revocationLists: RevocationList[];
  readonly notAfter: string;
}

/** Checks the certificates of an authority and the revocation lists that they signed. */
export function readAuthority(
  certificatesPem: string,
  revocationListsPem: string,
  now: number,
  at: string,
): AuthorityMaterial {
  const field = `${at}/certificates`;
  const certificates = unique(readCertificates(certificatesPem, AUTHORITY.certificates, field));
  for (const certificate of certificates) {
    checkNotExpired(certificate, now, field);
    if (certificate.ca || isSelfSigned(certificate)) continue;
    refuseField('certificate-invalid', field, `${titleOf(certificate)} is neither an authority's nor self-signed`);
  }
  const lists = readRevocationLists(revocationListsPem, certificates, now, `${at}/revocationLists`);
  const links = certificates.map(linkOf);
  const ends = [...links.map(({ notAfter }) => notAfter), ...lists.map(({ list }) => list.nextUpdate)];
  return {
    certificatesPem: certificates.map((certificate) => certificate.toString()).join(''),
    revocationListsPem: lists.map(({ pem }) => `${pem}\n`).join(''),
    certificates: links,
    revocationLists: lists.map(({ list }) => list),
    notAfter: ends.reduce((first, end) => (Date.parse(end) < Date.parse(first) ? end : first)),
  };
}

/** OpenSSL refuses to load a certificate twice. */
function unique(certificates: readonly X509Certificate[]): X509Certificate[] {
  return [...new Map(certificates.map((certificate) => [certificate.fingerprint256, certificate])).values()];
}

function isSelfSigned(certificate: X509Certificate): boolean {
  return certificate.checkIssued(certificate) && certificate.verify(certificate.publicKey);
}
