import type { PlannedCertificate } from '@evenkeel/model/plan/tls.ts';

/** A certificate and its key as all workers share them: bytes that none of them keeps a copy of. */
export interface PackedCertificate {
  readonly id: string;
  /** PEM of this certificate, and of others: its chain is pem[start, middle), its key pem[middle, end). */
  readonly pem: SharedArrayBuffer;
  readonly start: number;
  readonly middle: number;
  readonly end: number;
  /** As in the plan. */
  readonly ocspResponse: string | null;
}

/** Packs certificates into one piece of memory. */
export function packCertificates(planned: readonly PlannedCertificate[]): PackedCertificate[] {
  const size = planned.reduce((sum, { chain, privateKey }) => sum + chain.length + privateKey.length, 0);
  const pem = new SharedArrayBuffer(size);
  const bytes = Buffer.from(pem);
  let at = 0;
  return planned.map(({ id, chain, privateKey, ocspResponse }) => {
    const start = at;
    // PEM is ASCII; what else somebody has put in makes a certificate that cannot be read, not another one.
    const middle = start + bytes.write(chain, start, 'latin1');
    at = middle + bytes.write(privateKey, middle, 'latin1');
    return { id, pem, start, middle, end: at, ocspResponse };
  });
}

export function chainOf({ pem, start, middle }: PackedCertificate): Uint8Array {
  return new Uint8Array(pem, start, middle - start);
}

export function privateKeyOf({ pem, middle, end }: PackedCertificate): Uint8Array {
  return new Uint8Array(pem, middle, end - middle);
}
