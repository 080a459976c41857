import { Deleted } from '../resources/operation.ts';
import {
  Cipher,
  SecurityPolicy,
  SecurityPolicyCreate,
  SecurityPolicyId,
  SecurityPolicyPatch,
  SecurityPolicyWritten,
} from '../resources/security-policy.ts';
import { Ref } from '../schema.ts';
import { Type } from '../type.ts';
import { ListQuery, NameFilter, Page, type Route, TagFilter } from './route.ts';

const tags = ['security policies'] as const;
const params = Type.Object({ securityPolicyId: SecurityPolicyId('Identifier, or name of a built-in policy.') });
const path = '/v1/security-policies/{securityPolicyId}';

export const securityPolicyRoutes = {
  listSecurityPolicies: {
    method: 'GET',
    path: '/v1/security-policies',
    summary: 'List security policies',
    description: 'The built-in ones first.',
    tags,
    query: ListQuery({
      name: NameFilter,
      tag: TagFilter,
      builtIn: Type.Optional(Type.Boolean({ description: 'Only built-in ones, or only others.' })),
    }),
    status: 200,
    response: Page(SecurityPolicy),
  },
  createSecurityPolicy: {
    method: 'POST',
    path: '/v1/security-policies',
    summary: 'Create a security policy',
    tags,
    body: Ref(SecurityPolicyCreate),
    status: 201,
    response: Ref(SecurityPolicyWritten),
    idempotent: true,
  },
  getSecurityPolicy: {
    method: 'GET',
    path,
    summary: 'Show a security policy',
    tags,
    params,
    status: 200,
    response: Ref(SecurityPolicy),
  },
  updateSecurityPolicy: {
    method: 'PATCH',
    path,
    summary: 'Change a security policy',
    description: 'For every listener that uses it, and every connection that begins from then on.',
    tags,
    params,
    body: Ref(SecurityPolicyPatch),
    status: 200,
    response: Ref(SecurityPolicyWritten),
    ifMatch: true,
  },
  deleteSecurityPolicy: {
    method: 'DELETE',
    path,
    summary: 'Delete a security policy',
    description: 'Refused while a listener uses it. Built-in ones cannot be deleted.',
    tags,
    params,
    status: 200,
    response: Ref(Deleted),
    ifMatch: true,
  },
  listCiphers: {
    method: 'GET',
    path: '/v1/ciphers',
    summary: 'List the ciphers that a security policy may name',
    tags,
    query: ListQuery({}),
    status: 200,
    response: Page(Cipher),
  },
} as const satisfies Record<string, Route>;
