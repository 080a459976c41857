import { REACHES, ROLES } from '../access.ts';
import { ACCESS_POLICY } from '../access-limits.ts';
import { Id } from '../identifiers.ts';
import { Input, Nullable, Output, optional, Patch, Timestamp, Words } from '../schema.ts';
import { type Static, Type } from '../type.ts';
import { Description, Name, resource, Tags, TenantId, Written } from './attributes.ts';

export const RoleWord = (description: string) =>
  Words(ROLES, `${description} \`viewer\` reads; \`operator\` also changes load balancing; \`admin\` also users.`);

const role = RoleWord('What the user may do.');

const settings = {
  reach: Type.Unsafe<(typeof REACHES)[number]>({
    ...Words(
      REACHES,
      '`all`: the role holds in every tenant; only who reaches all may give it, or change such a user.',
    ),
    default: 'own',
  }),
  enabled: Type.Boolean({ default: true, description: 'While false, no token of the user is accepted.' }),
  accessPolicyIds: Type.Array(Id('accessPolicy', 'An access policy.'), {
    maxItems: ACCESS_POLICY.perUser,
    uniqueItems: true,
    default: [],
    description: 'Access policies that hold for the user, beside the role. A change replaces all of them.',
  }),
  description: Description,
  tags: Tags,
};

const properties = resource(Id('user', 'Identifier of the user.'), {
  tenantId: TenantId,
  role,
  ...settings,
  passwordChangedAt: Nullable(Timestamp('When the password was set; null: there is none')),
});

export const User = Output('User', properties, 'A person or a program that uses the API, with tokens of its own.');
export type User = Static<typeof User>;

export const UserWritten = Written('UserWritten', properties);

export const UserCreate = Input('UserCreate', { name: Name, role, ...optional(settings) });
export type UserCreate = Static<typeof UserCreate>;

export const UserPatch = Patch('UserPatch', { name: Name, role, ...settings });
export type UserPatch = Static<typeof UserPatch>;
