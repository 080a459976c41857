import { CERTIFICATE_MATERIAL } from '@evenkeel/model/limits.ts';
import { ProblemError } from '../problem.ts';
import type { Draft } from '../state/draft.ts';

/**
 * Refuses more certificates, keys and revocation lists than a plan can carry to a node in one message, so that what is
 * accepted here does arrive there.
 */
export function checkMaterial(draft: Draft): void {
  let length = 0;
  for (const { pem, ocspResponse, names } of draft.certificates.values()) {
    length += pem.length + KEY_LENGTH + (ocspResponse?.length ?? 0) + names.length * NAME_LENGTH;
  }
  for (const { certificatesPem, revocationListsPem } of draft.authorities.values()) {
    length += certificatesPem.length + revocationListsPem.length;
  }
  if (length <= CERTIFICATE_MATERIAL) return;
  const quota = { name: 'certificateMaterial', limit: CERTIFICATE_MATERIAL };
  const reason = `all certificates and authorities together would have ${length} characters of ${CERTIFICATE_MATERIAL}`;
  throw new ProblemError('quota-exceeded', reason, { quota });
}

/** Characters of a key of 4096 bits, and of a host name as they usually are. */
const KEY_LENGTH = 3_300;
const NAME_LENGTH = 40;
