import type { ResponseOf } from '@evenkeel/model/contract/types.ts';
import type { Session, SessionStarted } from '@evenkeel/model/resources/session.ts';
import { forbid } from '../access/authorization.ts';
import { cookieIn, csrfTokenOf, setCookie } from '../access/cookies.ts';
import type { Logins } from '../access/logins.ts';
import type { PasswordHasher } from '../access/password.ts';
import { checkPassword, setPassword } from '../access/passwords.ts';
import { type Sessions, showSession } from '../access/sessions.ts';
import { getUser } from '../access/users.ts';
import { showUser } from '../access/views.ts';
import { ProblemError, refuseField } from '../problem.ts';
import { notFound } from '../resources/rules.ts';
import type { UserRecord } from '../state/records.ts';
import type { SessionRow } from '../store/schema.ts';
import type { Call } from './call.ts';
import { paginate } from './paging.ts';
import type { Handler } from './routes.ts';

export type SessionCallName =
  | 'login'
  | 'getCurrentSession'
  | 'logout'
  | 'listSessions'
  | 'deleteSession'
  | 'setPassword'
  | 'changePassword';

export interface SessionSources {
  readonly sessions: Sessions;
  readonly logins: Logins;
  readonly hasher: PasswordHasher;
}

type SessionReads = {
  readonly [K in Exclude<SessionCallName, 'setPassword' | 'changePassword'>]: (call: Call<K>) => Promise<ResponseOf<K>>;
};

/** The calls about sessions: they are no configuration, and make no operations. */
export function createSessionReads({ sessions, logins }: SessionSources): SessionReads {
  return {
    login: (call) => logins.login(call),
    async getCurrentSession({ caller, browser }): Promise<SessionStarted> {
      const token = cookieIn(browser.cookie, 'session', browser.secure);
      const row = await sessions.find(caller.tenantId, caller.credential.id);
      if (row === null || token === null) notFound('session of this request', '');
      return { ...showSession(row, row.id), csrfToken: csrfTokenOf(token) };
    },
    async logout({ caller: { credential }, browser, audit }) {
      if (credential.kind !== 'session') {
        throw new ProblemError('resource-not-found', 'the request belongs to no session: it came without its cookie');
      }
      await sessions.end(credential.id, audit(credential.id));
      browser.setCookies([setCookie('session', '', browser.secure)]);
      return { id: credential.id };
    },
    async listSessions({ caller, query }) {
      const own = caller.role === 'admin' ? (query.userId ?? null) : caller.id;
      const rows = await sessions.list(caller.actingIn, own);
      const wanted = rows.filter((row) => (query.userId ?? row.user_id) === row.user_id);
      const view = (row: SessionRow): Session => showSession(row, caller.credential.id);
      return paginate(wanted, query, ({ id }) => id, view);
    },
    async deleteSession({ caller, params: { sessionId }, audit }) {
      const row = await sessions.find(caller.actingIn, sessionId);
      if (row === null || (row.user_id !== caller.id && caller.role !== 'admin')) notFound('session', sessionId);
      await sessions.end(row.id, audit(row.id));
      return { id: row.id };
    },
  };
}

/** Sets a password; its hash takes its time, and is made before the change. */
export function setPasswordHandler({ hasher }: SessionSources, { params, body, caller }: Call<'setPassword'>): Handler {
  return {
    kind: 'write',
    async prepare({ state }) {
      if (params.userId === caller.id && caller.credential.kind === 'session') {
        forbid('a session is not enough for a new password of its own user: changePassword takes the present one');
      }
      if (body.password === null) return null;
      checkPassword(body.password, state.users.get(params.userId) ?? notFound('user', params.userId), '/password');
      return hasher.hash(body.password);
    },
    write: (draft, _, hash) =>
      showUser(setPassword(draft, caller, getUser(draft, params.userId), hash as string | null)),
  };
}

interface Prepared {
  /** The password that was the present one when it was checked: an admin may have set another meanwhile. */
  readonly known: UserRecord['password'];
  readonly hash: string;
}

/** Changes one's own, of which the present one has to be known: a session that was left open is not enough. */
export function changePasswordHandler(
  { logins, hasher }: SessionSources,
  { body, caller, browser }: Call<'changePassword'>,
): Handler {
  return {
    kind: 'write',
    tenantId: caller.tenantId,
    async prepare() {
      const device = cookieIn(browser.cookie, 'device', browser.secure);
      const user = await logins.verifyKnown(caller, body.current, device);
      checkPassword(body.password, user, '/password');
      return { known: user.password, hash: await hasher.hash(body.password) };
    },
    write(draft, _, prepared) {
      const { known, hash } = prepared as Prepared;
      const user = getUser(draft, caller.id);
      if (user.password !== known) refuseField('validation-failed', '/current', 'is not the present password any more');
      return showUser(setPassword(draft, caller, user, hash));
    },
  };
}
