import { Id } from '../identifiers.ts';
import {
  AccessDecision,
  AccessPolicy,
  AccessPolicyCreate,
  AccessPolicyPatch,
  AccessPolicyWritten,
} from '../resources/access-policy.ts';
import { Deleted } from '../resources/operation.ts';
import { Ref } from '../schema.ts';
import { Type } from '../type.ts';
import { ListQuery, NameFilter, Page, type Route } from './route.ts';

const tags = ['access'] as const;
const role = 'admin';
const params = Type.Object({ accessPolicyId: Id('accessPolicy', 'Identifier of the access policy.') });
const path = '/v1/access-policies/{accessPolicyId}';

export const accessPolicyRoutes = {
  listAccessPolicies: {
    method: 'GET',
    path: '/v1/access-policies',
    summary: 'List access policies',
    tags,
    query: ListQuery({ name: NameFilter }),
    status: 200,
    response: Page(AccessPolicy),
    role,
  },
  createAccessPolicy: {
    method: 'POST',
    path: '/v1/access-policies',
    summary: 'Create an access policy',
    tags,
    body: Ref(AccessPolicyCreate),
    status: 201,
    response: Ref(AccessPolicyWritten),
    idempotent: true,
    role,
  },
  getAccessPolicy: {
    method: 'GET',
    path,
    summary: 'Show an access policy',
    tags,
    params,
    status: 200,
    response: Ref(AccessPolicy),
    role,
  },
  updateAccessPolicy: {
    method: 'PATCH',
    path,
    summary: 'Change an access policy',
    description: 'It holds for the next request of every user that has it.',
    tags,
    params,
    body: Ref(AccessPolicyPatch),
    status: 200,
    response: Ref(AccessPolicyWritten),
    ifMatch: true,
    role,
  },
  deleteAccessPolicy: {
    method: 'DELETE',
    path,
    summary: 'Delete an access policy that no user has',
    tags,
    params,
    status: 200,
    response: Ref(Deleted),
    ifMatch: true,
    role,
  },
  checkAccess: {
    method: 'GET',
    path: '/v1/access-check',
    summary: 'Tell whether somebody may do something, and why',
    description: 'Nothing is done. About other users than oneself, it takes the role admin.',
    tags,
    query: Type.Object(
      {
        action: Type.String({ maxLength: 64, description: 'The call, by its operationId.' }),
        resourceId: Type.Optional(Type.String({ maxLength: 64, description: 'What it would be about.' })),
        userId: Type.Optional(Id('user', 'Who; without it, oneself.')),
      },
      { additionalProperties: false },
    ),
    status: 200,
    response: Ref(AccessDecision),
  },
} as const satisfies Record<string, Route>;
