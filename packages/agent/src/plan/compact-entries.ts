import type { PlanEntry } from '@evenkeel/model/plan/plan.ts';
import type { PlannedCertificate } from '@evenkeel/model/plan/tls.ts';
import { CertificatePacker } from '@evenkeel/proxy/tls/packed-certificate.ts';

/** Fields of a certificate; one that has more is of a newer control plane, and none of it may be lost. */
const FIELDS = 6;

/**
 * Makes entries take little room once their hashes have been checked: the texts of certificates go into memory that the
 * workers share, and what certificates of one issuer have in common is there once. Their JSON stays the same.
 */
export class EntryCompactor {
  readonly #packer = new CertificatePacker();

  compact(entries: readonly PlanEntry[]): PlanEntry[] {
    const values = entries.flatMap((entry) => (isPackable(entry) ? [entry.value] : []));
    if (values.length === 0) return [...entries];
    const packed = this.#packer.pack(values).values();
    return entries.map((entry) => (isPackable(entry) ? { ...entry, value: packed.next().value! } : entry));
  }
}

function isPackable(entry: PlanEntry): entry is Extract<PlanEntry, { readonly kind: 'certificate' }> {
  if (entry.kind !== 'certificate') return false;
  // What came of a newer control plane may have any shape yet.
  const { chain, privateKey }: Partial<Record<keyof PlannedCertificate, unknown>> = entry.value;
  return Object.keys(entry.value).length === FIELDS && isAscii(chain) && isAscii(privateKey);
}

function isAscii(text: unknown): text is string {
  return typeof text === 'string' && Buffer.byteLength(text) === text.length;
}
