import { Id } from '../identifiers.ts';
import { JOIN_TOKEN_STATES } from '../join-words.ts';
import { JoinToken, JoinTokenCreate, JoinTokenCreated } from '../resources/join-token.ts';
import { Ref, Words } from '../schema.ts';
import { Type } from '../type.ts';
import { ListQuery, Page, type Route } from './route.ts';

const tags = ['nodes'] as const;
/** Nodes carry the traffic of all tenants. */
const only = { role: 'admin', reach: 'all' } as const;
const params = Type.Object({ joinTokenId: Id('joinToken', 'Identifier of the join token.') });
const path = '/v1/join-tokens/{joinTokenId}';

export const joinTokenRoutes = {
  listJoinTokens: {
    method: 'GET',
    path: '/v1/join-tokens',
    summary: 'List join tokens',
    tags,
    query: ListQuery({ status: Type.Optional(Words(JOIN_TOKEN_STATES, 'Only those with this status.')) }),
    status: 200,
    response: Page(JoinToken),
    ...only,
  },
  createJoinToken: {
    method: 'POST',
    path: '/v1/join-tokens',
    summary: 'Create a join token, which new nodes come with',
    description:
      'The answer has the token, which nobody can show again. A node exchanges it for a certificate of its own, once. ' +
      'Those that ended more than 30 days ago are removed meanwhile.',
    tags,
    body: Ref(JoinTokenCreate),
    status: 201,
    response: Ref(JoinTokenCreated),
    ...only,
  },
  getJoinToken: {
    method: 'GET',
    path,
    summary: 'Show a join token, without what nodes come with',
    tags,
    params,
    status: 200,
    response: Ref(JoinToken),
    ...only,
  },
  revokeJoinToken: {
    method: 'DELETE',
    path,
    summary: 'Revoke a join token',
    description: 'No node can join with it from now on. Those that have stay nodes.',
    tags,
    params,
    status: 200,
    response: Ref(JoinToken),
    ...only,
  },
} as const satisfies Record<string, Route>;
