import { lesserRole, type Role } from '@evenkeel/model/access.ts';
import { ProblemError } from '../problem.ts';
import type { UserRecord } from '../state/records.ts';
import type { State } from '../state/state.ts';
import type { Credential, Identity } from './identity.ts';

/**
 * That somebody came with a credential, which was checked. Who that is, and what they may do, is asked for whenever it
 * matters, in the state as it is then: a request that takes long is not carried out for somebody who is gone meanwhile.
 * Throws `unauthenticated`.
 */
export type Proof = (state: State, now: number) => Identity;

/** The user in the state, with what one of their credentials is good for. */
export function identityOf(
  user: UserRecord | undefined,
  credential: Credential,
  { role, expiresAt }: { readonly role: Role | null; readonly expiresAt: number | null },
): Identity {
  if (user === undefined) refuse(UNKNOWN);
  if (!user.enabled) refuse(`the user ${user.name} is disabled`);
  const { id, name, tenantId, reach } = user;
  return {
    id,
    name,
    tenantId,
    reach,
    role: role === null ? user.role : lesserRole(user.role, role),
    credential,
    expiresAt,
  };
}

export const UNKNOWN = 'the credential is not known here';

/** `ends` and `now` in Unix milliseconds. */
export function checkEnd(what: string, ends: number | null, now: number): void {
  if (ends !== null && ends <= now) refuse(`the ${what} ended at ${new Date(ends).toISOString()}`);
}

export function refuse(reason: string): never {
  throw new ProblemError('unauthenticated', `${reason}; send Authorization: Bearer <token>`);
}
