import { refuseField } from '../problem.ts';
import { Secret } from '../secrets/secret.ts';
import type { Draft } from '../state/draft.ts';
import type { UserRecord } from '../state/records.ts';
import type { Identity } from './identity.ts';
import { checkReach } from './users.ts';

/** Different letters that a password has at least. */
const LETTERS = 5;

/** Refuses a password that everybody would try first. Its length is a question of the schema. */
export function checkPassword(password: string, { name }: Pick<UserRecord, 'name'>, field: string): void {
  const folded = password.toLowerCase();
  if (new Set(folded).size < LETTERS) {
    refuseField('validation-failed', field, 'is a few letters again and again', `${LETTERS} different ones, or more`);
  }
  if (folded.replaceAll(name.toLowerCase(), '').length < LETTERS) {
    refuseField('validation-failed', field, 'is hardly more than the name of the user');
  }
}

/** Gives a user a password by its hash, or takes it away. Sessions end, because the user is another one than before. */
export function setPassword(draft: Draft, by: Identity, user: UserRecord, hash: string | null): UserRecord {
  if (user.id !== by.id) checkReach(by, user.reach);
  return draft.update('user', user, {
    password: hash === null ? null : new Secret(hash),
    passwordChangedAt: draft.context.now,
  });
}
