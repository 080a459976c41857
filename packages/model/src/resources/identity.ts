import { REACHES, ROLES } from '../access.ts';
import { Id } from '../identifiers.ts';
import { Nullable, Output, Timestamp, Words } from '../schema.ts';
import { type Static, Type } from '../type.ts';

export const Identity = Output(
  'Identity',
  {
    id: Type.String({ description: 'Identifier of the user; `admin` for who has the credential of the installation.' }),
    name: Type.String({ description: 'Name of the user.' }),
    role: Words(ROLES, 'What this token may do.'),
    reach: Words(REACHES, 'Where it may do so.'),
    tenantId: Id('tenant', 'The tenant that this request is about.'),
    tenant: Type.String({ description: 'The name of that tenant.' }),
    tokenId: Nullable(Id('token', 'The token; null for anything else.')),
    accessKeyId: Nullable(Id('accessKey', 'The access key that signed; null for anything else.')),
    sessionId: Nullable(Id('session', 'The session; null for anything else.')),
    expiresAt: Nullable(Timestamp('When what you came with ends; null: never')),
  },
  'Who you are to this control plane.',
);
export type Identity = Static<typeof Identity>;
