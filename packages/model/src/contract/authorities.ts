import { Id } from '../identifiers.ts';
import { Authority, AuthorityCreate, AuthorityPatch, AuthorityWritten } from '../resources/authority.ts';
import { Deleted } from '../resources/operation.ts';
import { Ref } from '../schema.ts';
import { Type } from '../type.ts';
import { ListQuery, NameFilter, Page, type Route, TagFilter } from './route.ts';

const tags = ['authorities'] as const;
const params = Type.Object({ authorityId: Id('authority', 'Identifier of the authority.') });
const path = '/v1/authorities/{authorityId}';

export const authorityRoutes = {
  listAuthorities: {
    method: 'GET',
    path: '/v1/authorities',
    summary: 'List authorities',
    tags,
    query: ListQuery({ name: NameFilter, tag: TagFilter }),
    status: 200,
    response: Page(Authority),
  },
  createAuthority: {
    method: 'POST',
    path: '/v1/authorities',
    summary: 'Upload an authority',
    description: 'Certificates that those of clients or targets are judged by, and lists of what was revoked.',
    tags,
    body: Ref(AuthorityCreate),
    status: 201,
    response: Ref(AuthorityWritten),
    idempotent: true,
  },
  getAuthority: {
    method: 'GET',
    path,
    summary: 'Show an authority',
    tags,
    params,
    status: 200,
    response: Ref(Authority),
  },
  updateAuthority: {
    method: 'PATCH',
    path,
    summary: 'Change or replace an authority',
    description: 'New certificates or revocation lists count for every connection that begins from then on.',
    tags,
    params,
    body: Ref(AuthorityPatch),
    status: 200,
    response: Ref(AuthorityWritten),
    ifMatch: true,
  },
  deleteAuthority: {
    method: 'DELETE',
    path,
    summary: 'Delete an authority',
    description: 'Refused while a listener or backend service uses it.',
    tags,
    params,
    status: 200,
    response: Ref(Deleted),
    ifMatch: true,
  },
} as const satisfies Record<string, Route>;
