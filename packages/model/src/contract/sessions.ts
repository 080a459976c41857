import { Id } from '../identifiers.ts';
import { Login, PasswordChange, PasswordSet, Session, SessionEnded, SessionStarted } from '../resources/session.ts';
import { UserWritten } from '../resources/user.ts';
import { Ref } from '../schema.ts';
import { Type } from '../type.ts';
import { ListQuery, Page, type Route } from './route.ts';

const tags = ['access'] as const;
/** Everybody may see to sessions of their own; those of others take the role admin. */
const role = 'viewer';
const params = Type.Object({ sessionId: Id('session', 'Identifier of the session.') });

export const sessionRoutes = {
  login: {
    method: 'POST',
    path: '/v1/login',
    summary: 'Log in with a password',
    description:
      'The answer sets a cookie that JavaScript cannot read; requests with it are those of the user. Too many wrong ' +
      'passwords make the next attempt wait: 429.',
    tags,
    body: Ref(Login),
    status: 200,
    response: Ref(SessionStarted),
    public: true,
  },
  getCurrentSession: {
    method: 'GET',
    path: '/v1/session',
    summary: 'Show the session that the request belongs to, and what writes of it must have',
    tags,
    status: 200,
    response: Ref(SessionStarted),
    role,
  },
  logout: {
    method: 'POST',
    path: '/v1/logout',
    summary: 'End the session that the request belongs to',
    tags,
    status: 200,
    response: Ref(SessionEnded),
    role,
  },
  listSessions: {
    method: 'GET',
    path: '/v1/sessions',
    summary: 'List sessions: your own, those of all users for an admin',
    tags,
    query: ListQuery({ userId: Type.Optional(Id('user', 'Only those of this user.')) }),
    status: 200,
    response: Page(Session),
    role,
  },
  deleteSession: {
    method: 'DELETE',
    path: '/v1/sessions/{sessionId}',
    summary: 'End a session',
    tags,
    params,
    status: 200,
    response: Ref(SessionEnded),
    role,
  },
  setPassword: {
    method: 'POST',
    path: '/v1/users/{userId}/set-password',
    summary: 'Give a user a password, or take it away',
    description: 'Ends all sessions of the user.',
    tags,
    params: Type.Object({ userId: Id('user', 'Identifier of the user.') }),
    body: Ref(PasswordSet),
    status: 200,
    response: Ref(UserWritten),
    role: 'admin',
  },
  changePassword: {
    method: 'POST',
    path: '/v1/change-password',
    summary: 'Change your own password',
    description: 'Takes the present one. Ends all other sessions, and this one.',
    tags,
    body: Ref(PasswordChange),
    status: 200,
    response: Ref(UserWritten),
    role,
  },
} as const satisfies Record<string, Route>;
