import type { UserCreate, UserPatch } from '@evenkeel/model/resources/user.ts';
import { checkName, checkQuota, notFound } from '../resources/rules.ts';
import type { Draft } from '../state/draft.ts';
import type { UserRecord } from '../state/records.ts';
import { forbid } from './authorization.ts';
import type { Identity } from './identity.ts';
import { checkPolicies } from './policies.ts';

export function getUser(draft: Draft, id: string): UserRecord {
  return draft.users.get(id) ?? notFound('user', id);
}

export function createUser(draft: Draft, by: Identity, input: UserCreate): UserRecord {
  checkReach(by, input.reach);
  checkQuota(draft, 'users', draft.users.size + 1);
  checkName(draft.users.values(), input.name, '');
  return draft.create('user', {
    id: draft.newId('user'),
    tenantId: draft.tenantId,
    name: input.name,
    role: input.role,
    reach: input.reach ?? 'own',
    enabled: input.enabled ?? true,
    accessPolicyIds: [...checkPolicies(draft, input.accessPolicyIds ?? [])],
    password: null,
    passwordChangedAt: null,
    description: input.description ?? '',
    tags: input.tags ?? {},
  });
}

export function updateUser(draft: Draft, by: Identity, user: UserRecord, patch: UserPatch): UserRecord {
  checkReach(by, user.reach);
  checkReach(by, patch.reach);
  if (patch.accessPolicyIds !== undefined) {
    checkPolicies(draft, patch.accessPolicyIds);
    if (user.id === by.id) forbid(`nobody changes the access policies that hold for themselves, as ${by.name} would`);
  }
  if (patch.name !== undefined) checkName(draft.users.values(), patch.name, '', user.id);
  return draft.update('user', user, patch);
}

/** The tokens and access keys of the user go with it, and so do the sessions. */
export function deleteUser(draft: Draft, by: Identity, user: UserRecord): void {
  checkReach(by, user.reach);
  for (const token of [...draft.tokens.values()]) if (token.userId === user.id) draft.remove('token', token);
  for (const key of [...draft.accessKeys.values()]) if (key.userId === user.id) draft.remove('accessKey', key);
  draft.remove('user', user);
}

/** An administrator of one tenant neither makes one of all tenants, nor has a say about one that is there. */
export function checkReach(by: Identity, reach: UserRecord['reach'] | undefined): void {
  if (reach === 'all' && by.reach !== 'all') {
    forbid(
      `a user whose role reaches all tenants is up to those alone whose own does, and that of ${by.name} does not`,
    );
  }
}
