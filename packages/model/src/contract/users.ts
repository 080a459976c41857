import { Id } from '../identifiers.ts';
import { Deleted } from '../resources/operation.ts';
import { User, UserCreate, UserPatch, UserWritten } from '../resources/user.ts';
import { Ref } from '../schema.ts';
import { Type } from '../type.ts';
import { ListQuery, NameFilter, Page, type Route } from './route.ts';

const tags = ['access'] as const;
const role = 'admin';
const params = Type.Object({ userId: Id('user', 'Identifier of the user.') });
const path = '/v1/users/{userId}';

export const userRoutes = {
  listUsers: {
    method: 'GET',
    path: '/v1/users',
    summary: 'List users',
    tags,
    query: ListQuery({ name: NameFilter }),
    status: 200,
    response: Page(User),
    role,
  },
  createUser: {
    method: 'POST',
    path: '/v1/users',
    summary: 'Create a user',
    tags,
    body: Ref(UserCreate),
    status: 201,
    response: Ref(UserWritten),
    idempotent: true,
    role,
  },
  getUser: {
    method: 'GET',
    path,
    summary: 'Show a user',
    tags,
    params,
    status: 200,
    response: Ref(User),
    role,
  },
  updateUser: {
    method: 'PATCH',
    path,
    summary: 'Change a user',
    description: 'What changes holds for the next request of every token of the user.',
    tags,
    params,
    body: Ref(UserPatch),
    status: 200,
    response: Ref(UserWritten),
    ifMatch: true,
    role,
  },
  deleteUser: {
    method: 'DELETE',
    path,
    summary: 'Delete a user',
    description: 'The tokens of the user go with it.',
    tags,
    params,
    status: 200,
    response: Ref(Deleted),
    ifMatch: true,
    role,
  },
} as const satisfies Record<string, Route>;
