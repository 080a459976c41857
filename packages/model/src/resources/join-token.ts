import { Id, NodeId } from '../identifiers.ts';
import { JOIN_TOKEN_STATES } from '../join-words.ts';
import { JOIN_TOKEN, NODE_ZONE } from '../node-limits.ts';
import { Input, Nullable, Output, Timestamp, Words } from '../schema.ts';
import { type Static, Type } from '../type.ts';
import { Description } from './attributes.ts';

const Zone = Type.String({ ...NODE_ZONE, description: 'A zone: letters, digits, `_`, `-` and `.`.' });

const properties = {
  id: Id('joinToken', 'Identifier of the join token; not what a node comes with.'),
  status: Words(JOIN_TOKEN_STATES, 'Whether a node can join with it.'),
  zone: Nullable(Type.String({ description: 'The zone that nodes will be in; null: whichever they say.' })),
  nodeId: Nullable(NodeId('The only node that it is good for; null: any that is new.')),
  uses: Type.Integer({ description: 'How many nodes can join with it.' }),
  used: Type.Integer({ description: 'How many have.' }),
  description: Type.String({ description: 'Free text.' }),
  createdAt: Timestamp('Creation'),
  expiresAt: Timestamp('When it ends'),
  revokedAt: Nullable(Timestamp('When it was revoked; null: it was not')),
  lastUsedAt: Nullable(Timestamp('When a node last joined with it; null: none has')),
};

export const JoinToken = Output('JoinToken', properties, 'What new nodes join with. Only a hash of it is kept.');
export type JoinToken = Static<typeof JoinToken>;

export const JoinTokenCreated = Output('JoinTokenCreated', {
  ...properties,
  token: Type.String({
    description: 'The token itself, which nobody can show again. It also names the certificate that the API shows.',
  }),
});
export type JoinTokenCreated = Static<typeof JoinTokenCreated>;

export const JoinTokenCreate = Input('JoinTokenCreate', {
  zone: Type.Optional(Zone),
  nodeId: Type.Optional(
    NodeId('The only node that it is good for, also when that has a certificate, or had one that was revoked.'),
  ),
  ttl: Type.Optional(Type.Integer({ ...JOIN_TOKEN.ttl, description: 'Seconds that it is good for.' })),
  uses: Type.Optional(Type.Integer({ ...JOIN_TOKEN.uses, description: 'How many nodes can join with it.' })),
  description: Type.Optional(Description),
});
export type JoinTokenCreate = Static<typeof JoinTokenCreate>;
