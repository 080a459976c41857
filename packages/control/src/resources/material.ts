import { CERTIFICATE_MATERIAL } from '@evenkeel/model/limits.ts';
import { ProblemError } from '../problem.ts';
import type { Draft } from '../state/draft.ts';
import type { State } from '../state/state.ts';

/**
 * Refuses more certificates, keys and revocation lists than a plan can carry to a node in one message, so that what is
 * accepted here does arrive there.
 */
export function checkMaterial(draft: Draft): void {
  const { whole, tenantId } = draft;
  // A plan carries what is of all tenants.
  const of = (own: boolean) => (record: { readonly tenantId: string }) => own || record.tenantId !== tenantId;
  const length = lengthOf(draft, of(true)) + lengthOf(whole, of(false));
  if (length <= CERTIFICATE_MATERIAL) return;
  const used = lengthOf(whole, () => true);
  const quota = { name: 'certificateMaterial', limit: CERTIFICATE_MATERIAL, used };
  const reason = `the certificates and authorities of all tenants would have ${length} characters of ${CERTIFICATE_MATERIAL}`;
  throw new ProblemError('quota-exceeded', reason, { quota });
}

/** Characters of a key of 4096 bits, and of a host name as they usually are. */
const KEY_LENGTH = 3_300;
const NAME_LENGTH = 40;

function lengthOf(
  { certificates, authorities }: Pick<State, 'certificates' | 'authorities'>,
  counted: (record: { readonly tenantId: string }) => boolean,
): number {
  let length = 0;
  for (const record of certificates.values()) {
    if (!counted(record)) continue;
    length += record.pem.length + KEY_LENGTH + (record.ocspResponse?.length ?? 0) + record.names.length * NAME_LENGTH;
  }
  for (const record of authorities.values()) {
    if (counted(record)) length += record.certificatesPem.length + record.revocationListsPem.length;
  }
  return length;
}
