import type { CertificateLink } from '@evenkeel/model/resources/certificate.ts';
import { refuseField } from '../problem.ts';
import { DER, DerError, DerReader, derOid, derTime } from './der.ts';

/** id-pkix-ocsp-basic (RFC 6960 §4.2.1). */
const BASIC = '1.3.6.1.5.5.7.48.1.1';
const SUCCESSFUL = 0;
/** How far the clock of a responder may be ahead of ours, in milliseconds: clients grant it as much. */
const SKEW = 300_000;
/** Tags of certStatus: `good` is a null in a context of its own. */
const GOOD = 0x80;

interface SingleResponse {
  readonly serialNumber: string;
  readonly good: boolean;
  readonly thisUpdate: number;
  readonly nextUpdate: number | null;
}

/**
 * Refuses an OCSP response that clients would not take: one that is no success, not about this certificate, not `good`,
 * or out of its time. Its signature is left to the clients, who know the responder. Returns when it runs out; null: never.
 */
export function checkOcspResponse(base64: string, own: CertificateLink, now: number, at: string): string | null {
  const refuse = (reason: string) => refuseField('certificate-invalid', at, reason);
  const responses = parse(Buffer.from(base64, 'base64')) ?? refuse('is no successful OCSP response');
  const response =
    responses.find(({ serialNumber }) => serialNumber === withoutZeros(own.serialNumber)) ??
    refuse(`is not about the certificate with serial number ${own.serialNumber}`);
  if (!response.good) refuse('says that the certificate is revoked or unknown');
  if (response.thisUpdate > now + SKEW) refuse(`is not good before ${new Date(response.thisUpdate).toISOString()}`);
  if (response.nextUpdate !== null && response.nextUpdate <= now) {
    refuse(`ran out on ${new Date(response.nextUpdate).toISOString()}`);
  }
  return response.nextUpdate === null ? null : new Date(response.nextUpdate).toISOString();
}

function parse(bytes: Buffer): SingleResponse[] | null {
  try {
    const outer = new DerReader(new DerReader(bytes).next(DER.SEQUENCE).content);
    if (outer.next(DER.ENUMERATED).content[0] !== SUCCESSFUL) return null;
    const typed = new DerReader(new DerReader(outer.next(0xa0).content).next(DER.SEQUENCE).content);
    if (derOid(typed.next(DER.OID)) !== BASIC) return null;
    const basic = new DerReader(new DerReader(typed.next(DER.OCTET_STRING).content).next(DER.SEQUENCE).content);
    const data = new DerReader(basic.next(DER.SEQUENCE).content);
    // Version, responder, time of production.
    data.optional(0xa0);
    data.any();
    data.next(DER.GENERALIZED_TIME);
    const list = new DerReader(data.next(DER.SEQUENCE).content);
    const responses: SingleResponse[] = [];
    while (!list.atEnd) responses.push(single(new DerReader(list.next(DER.SEQUENCE).content)));
    return responses;
  } catch (error) {
    if (error instanceof DerError) return null;
    throw error;
  }
}

function single(reader: DerReader): SingleResponse {
  const id = new DerReader(reader.next(DER.SEQUENCE).content);
  id.next(DER.SEQUENCE);
  id.next(DER.OCTET_STRING);
  id.next(DER.OCTET_STRING);
  const serialNumber = withoutZeros(id.next(DER.INTEGER).content.toString('hex'));
  const good = reader.any().tag === GOOD;
  const thisUpdate = derTime(reader.next(DER.GENERALIZED_TIME));
  const next = reader.optional(0xa0);
  return {
    serialNumber,
    good,
    thisUpdate,
    nextUpdate: next === null ? null : derTime(new DerReader(next.content).any()),
  };
}

/** DER puts a zero in front of a positive number whose first bit is set. */
function withoutZeros(hexadecimal: string): string {
  return hexadecimal.replace(/^0+(?=.)/, '');
}
