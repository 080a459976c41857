import { Id } from '../identifiers.ts';
import {
  AccessKey,
  AccessKeyCreate,
  AccessKeyCreated,
  AccessKeyPatch,
  AccessKeyWritten,
} from '../resources/access-key.ts';
import { Deleted } from '../resources/operation.ts';
import { Ref } from '../schema.ts';
import { Type } from '../type.ts';
import { ListQuery, NameFilter, Page, type Route } from './route.ts';

const tags = ['access'] as const;
/** Everybody may see to keys of their own; those of others take the role admin. */
const role = 'viewer';
const params = Type.Object({ accessKeyId: Id('accessKey', 'Identifier of the access key.') });
const path = '/v1/access-keys/{accessKeyId}';

export const accessKeyRoutes = {
  listAccessKeys: {
    method: 'GET',
    path: '/v1/access-keys',
    summary: 'List access keys: your own, those of all users for an admin',
    tags,
    query: ListQuery({ name: NameFilter, userId: Type.Optional(Id('user', 'Only those of this user.')) }),
    status: 200,
    response: Page(AccessKey),
    role,
  },
  createAccessKey: {
    method: 'POST',
    path: '/v1/access-keys',
    summary: 'Create an access key',
    description:
      'The answer has the secret, which nobody can show again. A user has two keys at most, so that one can take the ' +
      'place of the other. It is good for no more, and no longer, than the credential that it is asked for with.',
    tags,
    body: Ref(AccessKeyCreate),
    status: 201,
    response: Ref(AccessKeyCreated),
    role,
  },
  getAccessKey: {
    method: 'GET',
    path,
    summary: 'Show an access key, without its secret',
    tags,
    params,
    status: 200,
    response: Ref(AccessKey),
    role,
  },
  updateAccessKey: {
    method: 'PATCH',
    path,
    summary: 'Change an access key: switch it off and on',
    tags,
    params,
    body: Ref(AccessKeyPatch),
    status: 200,
    response: Ref(AccessKeyWritten),
    ifMatch: true,
    role,
  },
  deleteAccessKey: {
    method: 'DELETE',
    path,
    summary: 'Revoke an access key',
    description: 'Nothing that is signed with it is accepted from the next request on.',
    tags,
    params,
    status: 200,
    response: Ref(Deleted),
    ifMatch: true,
    role,
  },
} as const satisfies Record<string, Route>;
