import { MOST_CERTIFICATES } from '@evenkeel/model/plan/membership.ts';
import { canonicalFingerprint } from '@evenkeel/model/tls-trust.ts';

/** A list of fingerprints as others have written it, each once, in hexadecimal with colons; null: it is no such list. */
export function fingerprintsIn(value: unknown): string[] | null {
  if (!Array.isArray(value) || value.length > MOST_CERTIFICATES) return null;
  const found = value.map((one) => (typeof one === 'string' ? canonicalFingerprint(one) : null));
  return found.includes(null) ? null : [...new Set(found as string[])];
}
