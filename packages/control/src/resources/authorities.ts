import type { AuthorityCreate, AuthorityPatch } from '@evenkeel/model/resources/authority.ts';
import type { Draft } from '../state/draft.ts';
import type { AuthorityRecord } from '../state/records.ts';
import { readAuthority } from '../x509/authority.ts';
import { checkMaterial } from './material.ts';
import { checkName, checkQuota, checkUnused, notFound } from './rules.ts';
import { usersOf } from './usage.ts';

export function getAuthority(draft: Draft, id: string): AuthorityRecord {
  return draft.authorities.get(id) ?? notFound('authority', id);
}

export function createAuthority(draft: Draft, input: AuthorityCreate): AuthorityRecord {
  checkQuota(draft, 'authorities', draft.authorities.size + 1);
  const id = draft.newId('authority');
  const name = input.name ?? id;
  checkName(draft.authorities.values(), name, '');
  const created = draft.create('authority', {
    tenantId: draft.tenantId,
    id,
    name,
    ...readAuthority(input.certificates, input.revocationLists ?? '', draft.context.now, ''),
    description: input.description ?? '',
    tags: input.tags ?? {},
  });
  checkMaterial(draft);
  return created;
}

export function updateAuthority(draft: Draft, authority: AuthorityRecord, patch: AuthorityPatch): AuthorityRecord {
  const { certificates, revocationLists, ...plain } = patch;
  if (patch.name !== undefined) checkName(draft.authorities.values(), patch.name, '', authority.id);
  const replaced = certificates !== undefined || revocationLists !== undefined;
  const material = replaced
    ? readAuthority(
        certificates ?? authority.certificatesPem,
        revocationLists ?? authority.revocationListsPem,
        draft.context.now,
        '',
      )
    : null;
  const updated = draft.update('authority', authority, { ...plain, ...material });
  checkMaterial(draft);
  return updated;
}

/** Refused while a listener or backend service uses it. */
export function deleteAuthority(draft: Draft, authority: AuthorityRecord): void {
  checkUnused(`authority ${authority.name}`, usersOf(draft, authority.id));
  draft.remove('authority', authority);
}
