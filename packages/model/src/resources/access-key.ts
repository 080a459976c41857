import { TOKEN_DAYS } from '../access-limits.ts';
import { Id } from '../identifiers.ts';
import { Input, Nullable, Output, Patch, Timestamp, Words } from '../schema.ts';
import { type Static, Type } from '../type.ts';
import { Description, Name, resource, TenantId, Written } from './attributes.ts';
import { RoleWord } from './user.ts';

const enabled = Type.Boolean({
  default: true,
  description: 'While false, nothing that is signed with it is accepted.',
});

const properties = resource(Id('accessKey', 'Identifier of the access key: the `keyid` of signatures.'), {
  tenantId: TenantId,
  userId: Id('user', 'Whose key it is.'),
  role: RoleWord('The most that it is good for, also when the user may do more.'),
  enabled,
  expiresAt: Nullable(Timestamp('When it ends; null: never')),
  description: Description,
  status: Words(['active', 'disabled', 'expired'], 'Whether it is accepted, as long as its user is enabled.'),
});

export const AccessKey = Output(
  'AccessKey',
  properties,
  'A pair of an identifier and a secret that requests are signed with. The secret is shown once, and sent never.',
);
export type AccessKey = Static<typeof AccessKey>;

export const AccessKeyWritten = Written('AccessKeyWritten', properties);

export const AccessKeyCreated = Written('AccessKeyCreated', {
  ...properties,
  secret: Type.String({ description: 'What requests are signed with, which nobody can show again.' }),
});

export const AccessKeyCreate = Input('AccessKeyCreate', {
  name: Type.Optional(Name),
  userId: Type.Optional(Id('user', 'Whose key it will be; without it, your own. Those of others take the role admin.')),
  role: Type.Optional(RoleWord('The most that it is good for; without it, what the user may do.')),
  days: Type.Optional(
    Nullable(Type.Integer({ ...TOKEN_DAYS, description: 'Days until it ends; null: never. As for tokens.' })),
  ),
  description: Type.Optional(Description),
});
export type AccessKeyCreate = Static<typeof AccessKeyCreate>;

export const AccessKeyPatch = Patch('AccessKeyPatch', { name: Name, enabled, description: Description });
export type AccessKeyPatch = Static<typeof AccessKeyPatch>;
