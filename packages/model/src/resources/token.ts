import { TOKEN_DAYS } from '../access-limits.ts';
import { Id } from '../identifiers.ts';
import { Input, Nullable, Output, Timestamp, Words } from '../schema.ts';
import { type Static, Type } from '../type.ts';
import { Description, Name, resource, TenantId, Written } from './attributes.ts';
import { RoleWord } from './user.ts';

const properties = resource(Id('token', 'Identifier of the token; not what it is used by.'), {
  tenantId: TenantId,
  userId: Id('user', 'Whose token it is.'),
  role: RoleWord('The most that it is good for, also when the user may do more.'),
  expiresAt: Nullable(Timestamp('When it ends; null: never')),
  description: Description,
  status: Words(['active', 'expired'], 'Whether it is accepted, as long as its user is enabled.'),
});

export const Token = Output('Token', properties, 'An access token. It is shown once; only a hash of it is kept.');
export type Token = Static<typeof Token>;

export const TokenCreated = Written('TokenCreated', {
  ...properties,
  token: Type.String({ description: 'The token itself, which nobody can show again.' }),
});

export const TokenCreate = Input('TokenCreate', {
  name: Type.Optional(Name),
  userId: Type.Optional(
    Id('user', 'Whose token it will be; without it, your own. Those of others take the role admin.'),
  ),
  role: Type.Optional(RoleWord('The most that it is good for; without it, what the user may do.')),
  days: Type.Optional(
    Nullable(
      Type.Integer({
        ...TOKEN_DAYS,
        description: `Days until it ends; null: never. A token that is made with a token ends with that at the latest.`,
      }),
    ),
  ),
  description: Type.Optional(Description),
});
export type TokenCreate = Static<typeof TokenCreate>;
