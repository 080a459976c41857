import { lesserRole, mayAs, type Role } from '@evenkeel/model/access.ts';
import { TOKEN_DAYS } from '@evenkeel/model/access-limits.ts';
import type { TokenCreate } from '@evenkeel/model/resources/token.ts';
import { refuseField } from '../problem.ts';
import { checkName, checkQuota, notFound } from '../resources/rules.ts';
import type { Draft } from '../state/draft.ts';
import type { TokenRecord, UserRecord } from '../state/records.ts';
import type { State } from '../state/state.ts';
import { forbid } from './authorization.ts';
import type { Identity } from './identity.ts';
import { hashOfToken, newToken } from './secrets.ts';
import { checkReach } from './users.ts';

/** Milliseconds. */
const DAY = 86_400_000;
/** How long a token is listed that has ended. */
const KEPT = 30 * DAY;

/** The tokens that somebody may see: their own, and for an admin those of all users. */
export function* tokensFor(by: Identity, { tokens }: Pick<State, 'tokens'>): Generator<TokenRecord> {
  for (const token of tokens.values()) if (by.role === 'admin' || token.userId === by.id) yield token;
}

/** One of those; to others it is not there. */
export function getToken(by: Identity, { tokens }: Pick<State, 'tokens'>, id: string): TokenRecord {
  const token = tokens.get(id);
  return token !== undefined && (by.role === 'admin' || token.userId === by.id) ? token : notFound('token', id);
}

/** Makes a token that is good for no more, and for no longer, than the credential that it is asked for with. */
export function createToken(draft: Draft, by: Identity, input: TokenCreate): { record: TokenRecord; token: string } {
  const user = userOf(draft, by, input.userId);
  removeOld(draft, user.id);
  const own = [...draft.tokens.values()].filter(({ userId }) => userId === user.id);
  checkQuota(draft, 'tokensPerUser', own.length + 1);
  const id = draft.newId('token');
  const name = input.name ?? id;
  checkName(own, name, '');
  const token = newToken('ektok', draft.context.secret);
  const record = draft.create('token', {
    id,
    tenantId: draft.tenantId,
    name,
    userId: user.id,
    role: roleOf(by, user, input.role, 'a token'),
    expiresAt: endOf(by, input.days === undefined ? TOKEN_DAYS.default : input.days, draft.context.now),
    description: input.description ?? '',
    hash: hashOfToken(token),
  });
  return { record, token };
}

export function deleteToken(draft: Draft, by: Identity, token: TokenRecord): void {
  const user = draft.users.get(token.userId)!;
  if (user.id !== by.id) checkReach(by, user.reach);
  if (!mayAs(by.role, lesserRole(user.role, token.role))) {
    forbid(`token ${token.name} has the role ${token.role}, and ${by.name} has the role ${by.role} here`);
  }
  draft.remove('token', token);
}

/** The user that a token or key will be of, where the caller may say so. */
export function userOf(draft: Draft, by: Identity, wanted: string | undefined): UserRecord {
  if (wanted === undefined && by.credential.kind === 'installation') {
    refuseField('validation-failed', '/userId', 'the credential of the installation is no user: name one');
  }
  const id = wanted ?? by.id;
  const mine = id === by.id;
  const user = mine || by.role === 'admin' ? draft.users.get(id) : undefined;
  if (user === undefined) refuseField('reference-not-found', '/userId', `there is no user ${id}`);
  if (!mine) checkReach(by, user.reach);
  return user;
}

export function roleOf(by: Identity, user: UserRecord, wanted: Role | undefined, what: string): Role {
  const most = lesserRole(by.role, user.role);
  if (wanted === undefined || mayAs(most, wanted)) return wanted ?? most;
  return forbid(`${what} with the role ${wanted} takes that role, and there is ${most} here`);
}

/** Unix milliseconds; null: never. */
export function endOf(by: Identity, days: number | null, now: number): number | null {
  const ends = days === null ? Number.POSITIVE_INFINITY : now + days * DAY;
  const latest = Math.min(ends, by.expiresAt ?? Number.POSITIVE_INFINITY);
  return latest === Number.POSITIVE_INFINITY ? null : latest;
}

function removeOld(draft: Draft, userId: string): void {
  const before = draft.context.now - KEPT;
  for (const token of [...draft.tokens.values()]) {
    const old = token.expiresAt !== null && token.expiresAt < before;
    if (old && token.userId === userId) draft.remove('token', token);
  }
}
