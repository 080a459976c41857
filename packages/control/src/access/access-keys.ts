import { lesserRole, mayAs } from '@evenkeel/model/access.ts';
import { TOKEN_DAYS } from '@evenkeel/model/access-limits.ts';
import type { AccessKeyCreate, AccessKeyPatch } from '@evenkeel/model/resources/access-key.ts';
import { checkName, checkQuota, notFound } from '../resources/rules.ts';
import { Secret } from '../secrets/secret.ts';
import type { Draft } from '../state/draft.ts';
import type { AccessKeyRecord } from '../state/records.ts';
import type { State } from '../state/state.ts';
import { forbid } from './authorization.ts';
import type { Identity } from './identity.ts';
import { newToken } from './secrets.ts';
import { endOf, roleOf, userOf } from './tokens.ts';
import { checkReach } from './users.ts';

/** The access keys that somebody may see: their own, and for an admin those of all users. */
export function* accessKeysFor(by: Identity, { accessKeys }: Pick<State, 'accessKeys'>): Generator<AccessKeyRecord> {
  for (const key of accessKeys.values()) if (by.role === 'admin' || key.userId === by.id) yield key;
}

/** One of those; to others it is not there. */
export function getAccessKey(by: Identity, { accessKeys }: Pick<State, 'accessKeys'>, id: string): AccessKeyRecord {
  const key = accessKeys.get(id);
  return key !== undefined && (by.role === 'admin' || key.userId === by.id) ? key : notFound('access key', id);
}

/** Makes a key that is good for no more, and for no longer, than the credential that it is asked for with. */
export function createAccessKey(
  draft: Draft,
  by: Identity,
  input: AccessKeyCreate,
): { record: AccessKeyRecord; secret: string } {
  const user = userOf(draft, by, input.userId);
  const own = [...draft.accessKeys.values()].filter(({ userId }) => userId === user.id);
  checkQuota(draft, 'accessKeysPerUser', own.length + 1);
  const id = draft.newId('accessKey');
  const name = input.name ?? id;
  checkName(own, name, '');
  const secret = newToken('eksec', draft.context.secret);
  const record = draft.create('accessKey', {
    id,
    tenantId: draft.tenantId,
    name,
    userId: user.id,
    role: roleOf(by, user, input.role, 'an access key'),
    enabled: true,
    expiresAt: endOf(by, input.days === undefined ? TOKEN_DAYS.default : input.days, draft.context.now),
    description: input.description ?? '',
    secret: new Secret(secret),
  });
  return { record, secret };
}

export function updateAccessKey(
  draft: Draft,
  by: Identity,
  key: AccessKeyRecord,
  patch: AccessKeyPatch,
): AccessKeyRecord {
  checkSay(draft, by, key);
  const own = [...draft.accessKeys.values()].filter(({ userId }) => userId === key.userId);
  if (patch.name !== undefined) checkName(own, patch.name, '', key.id);
  return draft.update('accessKey', key, patch);
}

export function deleteAccessKey(draft: Draft, by: Identity, key: AccessKeyRecord): void {
  checkSay(draft, by, key);
  draft.remove('accessKey', key);
}

/** Whoever can do less than a key has no say about it. */
function checkSay(draft: Draft, by: Identity, key: AccessKeyRecord): void {
  const user = draft.users.get(key.userId)!;
  if (user.id !== by.id) checkReach(by, user.reach);
  if (mayAs(by.role, lesserRole(user.role, key.role))) return;
  forbid(`access key ${key.name} has the role ${key.role}, and ${by.name} has the role ${by.role} here`);
}
