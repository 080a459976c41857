import type { AccessKey } from '@evenkeel/model/resources/access-key.ts';
import type { Token } from '@evenkeel/model/resources/token.ts';
import type { Call } from '../commands/call.ts';
import type { Column } from '../output/table.ts';
import { users } from './kinds.ts';
import { isIdOf, resolve } from './reference.ts';
import type { Session } from './session.ts';

/** What lists of tokens and of access keys show. */
export const CREDENTIAL_COLUMNS: readonly Column<Token | AccessKey>[] = [
  { head: 'NAME', of: ({ name }) => name },
  { head: 'ID', of: ({ id }) => id },
  { head: 'USER', of: ({ userId }) => userId },
  { head: 'ROLE', of: ({ role }) => role },
  { head: 'STATUS', of: ({ status }) => status },
  { head: 'EXPIRES', of: ({ expiresAt }) => expiresAt ?? 'never' },
];

/** The user that `--user` names, as the API takes it. */
export async function userOf(session: Session, { options }: Call): Promise<{ userId?: string }> {
  const { user } = options;
  if (user === undefined) return {};
  // A user that is no admin may name itself, and cannot look others up.
  return { userId: isIdOf('user', user) ? user : (await resolve(session, users, user)).id };
}
