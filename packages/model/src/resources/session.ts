import { PASSWORD } from '../access-limits.ts';
import { Id } from '../identifiers.ts';
import { Input, Nullable, Output, Timestamp } from '../schema.ts';
import { type Static, Type } from '../type.ts';
import { Name, TenantId } from './attributes.ts';

/** What a browser sends back with each write, see `SessionStarted`. */
export const CSRF_HEADER = 'Evenkeel-CSRF';

const properties = {
  id: Id('session', 'Identifier of the session; not what it is used by.'),
  tenantId: TenantId,
  userId: Id('user', 'Who logged in.'),
  source: Type.String({ description: 'The address that the login came from.' }),
  userAgent: Type.String({ description: 'What the browser called itself then.' }),
  createdAt: Timestamp('Login'),
  lastSeenAt: Timestamp('Last request, to the minute'),
  idleUntil: Timestamp('When it ends if nothing is heard until then'),
  expiresAt: Timestamp('When it ends in any case'),
  current: Type.Boolean({ description: 'Whether this request belongs to it.' }),
};

export const Session = Output('Session', properties, 'Somebody who has logged in with a password.');
export type Session = Static<typeof Session>;

export const SessionStarted = Output('SessionStarted', {
  ...properties,
  csrfToken: Type.String({ description: `What every write with the cookie must have in \`${CSRF_HEADER}\`.` }),
});
export type SessionStarted = Static<typeof SessionStarted>;

export const SessionEnded = Output('SessionEnded', { id: Type.String({ description: 'The session that has ended.' }) });

/** A new password; what is asked of it beyond its length is in words in the API's errors. */
export const NewPassword = Type.String({
  minLength: PASSWORD.minimum,
  maxLength: PASSWORD.maximum,
  description: 'Not the name of the user, and not a few letters again and again.',
});
/** One that may be right. */
const GivenPassword = Type.String({ minLength: 1, maxLength: PASSWORD.maximum, description: 'The password.' });

export const Login = Input('Login', {
  tenant: Type.Optional(Type.String({ ...Name, description: 'Name of the tenant of the user. Default: default.' })),
  user: Type.String({ ...Name, description: 'Name of the user.' }),
  password: GivenPassword,
});
export type Login = Static<typeof Login>;

export const PasswordSet = Input('PasswordSet', {
  password: Nullable(NewPassword),
});

export const PasswordChange = Input('PasswordChange', {
  current: GivenPassword,
  password: NewPassword,
});
