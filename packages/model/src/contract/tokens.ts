import { Id } from '../identifiers.ts';
import { Deleted } from '../resources/operation.ts';
import { Token, TokenCreate, TokenCreated } from '../resources/token.ts';
import { Ref } from '../schema.ts';
import { Type } from '../type.ts';
import { ListQuery, NameFilter, Page, type Route } from './route.ts';

const tags = ['access'] as const;
/** Everybody may see to tokens of their own; those of others take the role admin. */
const role = 'viewer';
const params = Type.Object({ tokenId: Id('token', 'Identifier of the token.') });
const path = '/v1/tokens/{tokenId}';

export const tokenRoutes = {
  listTokens: {
    method: 'GET',
    path: '/v1/tokens',
    summary: 'List access tokens: your own, those of all users for an admin',
    tags,
    query: ListQuery({ name: NameFilter, userId: Type.Optional(Id('user', 'Only those of this user.')) }),
    status: 200,
    response: Page(Token),
    role,
  },
  createToken: {
    method: 'POST',
    path: '/v1/tokens',
    summary: 'Create an access token',
    description:
      'The answer has the token, which nobody can show again. It is good for no more than the role of whoever makes it. ' +
      'Tokens of the user that ended more than 30 days ago are removed meanwhile.',
    tags,
    body: Ref(TokenCreate),
    status: 201,
    response: Ref(TokenCreated),
    role,
  },
  getToken: {
    method: 'GET',
    path,
    summary: 'Show an access token, without what it is used by',
    tags,
    params,
    status: 200,
    response: Ref(Token),
    role,
  },
  deleteToken: {
    method: 'DELETE',
    path,
    summary: 'Revoke an access token',
    description: 'It is not accepted from the next request on.',
    tags,
    params,
    status: 200,
    response: Ref(Deleted),
    ifMatch: true,
    role,
  },
} as const satisfies Record<string, Route>;
