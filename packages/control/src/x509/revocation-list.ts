import { verify, type X509Certificate } from 'node:crypto';
import { AUTHORITY } from '@evenkeel/model/limits.ts';
import type { RevocationList } from '@evenkeel/model/resources/authority.ts';
import { refuseField } from '../problem.ts';
import { titleOf } from './certificate.ts';
import { DER, DerError, DerReader, derOid, derTime } from './der.ts';
import { pemBlocks, pemBytes } from './pem.ts';
import { hashOfSignature } from './signature.ts';

export interface ReadRevocationList {
  readonly pem: string;
  readonly list: RevocationList;
}

/** A certificate list (RFC 5280 §5.1), as far as it is looked at. */
interface CertificateList {
  readonly signed: Buffer;
  readonly algorithm: string;
  readonly signature: Buffer;
  /** DER of the issuer's name. */
  readonly issuer: Buffer;
  readonly thisUpdate: number;
  readonly nextUpdate: number;
  readonly revoked: number;
}

/**
 * Checks that each list is readable, in its time, and signed by one of the certificates. Nothing at all is fine; blanks are
 * what is left of a list that could not be fetched, and would let in everybody whom it names.
 */
export function readRevocationLists(
  pem: string,
  certificates: readonly X509Certificate[],
  now: number,
  at: string,
): ReadRevocationList[] {
  const blocks = pemBlocks(pem);
  const refuse = (reason: string) => refuseField('certificate-invalid', at, reason);
  if (blocks.length === 0 && pem !== '') refuse('holds no revocation list in PEM form');
  if (blocks.length > AUTHORITY.revocationLists) refuse(`holds more than ${AUTHORITY.revocationLists} lists`);
  return blocks.map((block, i) => {
    if (block.label !== 'X509 CRL') refuse(`holds a ${block.label.toLowerCase()}; it takes revocation lists alone`);
    const bytes = pemBytes(block);
    const parsed = (bytes === null ? null : parse(bytes)) ?? refuse(`list ${i + 1} cannot be read`);
    const signer = certificates.find((certificate) => signed(parsed, certificate));
    if (signer === undefined) refuse(`list ${i + 1} is signed by none of the certificates`);
    if (parsed.nextUpdate <= now) {
      refuse(`the list of ${titleOf(signer!)} ran out on ${new Date(parsed.nextUpdate).toISOString().slice(0, 10)}`);
    }
    return {
      pem: block.text,
      list: {
        issuer: signer!.subject.split('\n').join(', '),
        thisUpdate: new Date(parsed.thisUpdate).toISOString(),
        nextUpdate: new Date(parsed.nextUpdate).toISOString(),
        revoked: parsed.revoked,
      },
    };
  });
}

function parse(bytes: Buffer): CertificateList | null {
  try {
    const outer = new DerReader(bytes);
    const list = new DerReader(outer.next(DER.SEQUENCE).content);
    const signedPart = list.next(DER.SEQUENCE);
    const algorithm = derOid(new DerReader(list.next(DER.SEQUENCE).content).next(DER.OID));
    const signature = list.next(DER.BIT_STRING).content.subarray(1);
    if (!outer.atEnd || !list.atEnd) return null;
    const body = new DerReader(signedPart.content);
    body.optional(DER.INTEGER);
    body.next(DER.SEQUENCE);
    const issuer = body.next(DER.SEQUENCE).whole;
    const thisUpdate = derTime(body.any());
    // RFC 5280 §5.1.2.5: it must be there.
    const nextUpdate = derTime(body.any());
    const entries = body.optional(DER.SEQUENCE);
    return { signed: signedPart.whole, algorithm, signature, issuer, thisUpdate, nextUpdate, revoked: count(entries) };
  } catch (error) {
    if (error instanceof DerError) return null;
    throw error;
  }
}

function count(entries: { readonly content: Buffer } | null): number {
  let number = 0;
  if (entries === null) return number;
  for (const reader = new DerReader(entries.content); !reader.atEnd; number++) reader.next(DER.SEQUENCE);
  return number;
}

function signed(list: CertificateList, certificate: X509Certificate): boolean {
  const hash = hashOfSignature(list.algorithm);
  if (hash === undefined || subjectOf(certificate)?.equals(list.issuer) !== true) return false;
  const { publicKey } = certificate;
  // Edwards curves sign with a hash of their own, and refuse to be told another.
  if (/^ed/.test(publicKey.asymmetricKeyType ?? '') !== (hash === null)) return false;
  return verify(hash, list.signed, publicKey, list.signature);
}

/** DER of the subject (RFC 5280 §4.1): after version, serial number, algorithm, issuer and validity. */
function subjectOf(certificate: X509Certificate): Buffer | null {
  try {
    const whole = new DerReader(new DerReader(certificate.raw).next(DER.SEQUENCE).content);
    const body = new DerReader(whole.next(DER.SEQUENCE).content);
    body.optional(0xa0);
    body.next(DER.INTEGER);
    for (let i = 0; i < 3; i++) body.next(DER.SEQUENCE);
    return body.next(DER.SEQUENCE).whole;
  } catch (error) {
    if (error instanceof DerError) return null;
    throw error;
  }
}
