import { REVISIONS } from '../limits.ts';
import {
  Revision,
  RevisionDetails,
  RevisionDifference,
  RevisionId,
  RevisionRollback,
  RolledBack,
} from '../resources/revision.ts';
import { Ref } from '../schema.ts';
import { Type } from '../type.ts';
import { ListQuery, Page, type Route } from './route.ts';

const tags = ['revisions'] as const;
const params = Type.Object({ revisionId: RevisionId });
const path = '/v1/revisions/{revisionId}';

export const revisionRoutes = {
  listRevisions: {
    method: 'GET',
    path: '/v1/revisions',
    summary: 'List revisions, the newest first',
    description:
      'Every write of the configuration makes one, but for those that are about tenants, users and tokens alone. Kept are ' +
      `the newest ${REVISIONS.perTenant} of a tenant, as long as what they remember takes at most ` +
      `${REVISIONS.charactersPerTenant / 1_048_576} Mi characters, and that of all tenants ${REVISIONS.characters / 1_048_576}.`,
    tags,
    query: ListQuery({}),
    status: 200,
    response: Page(Revision),
  },
  getRevision: {
    method: 'GET',
    path,
    summary: 'Show what a revision has changed',
    tags,
    params,
    status: 200,
    response: Ref(RevisionDetails),
  },
  compareRevision: {
    method: 'GET',
    path: `${path}/difference`,
    summary: 'Compare the configuration after a revision with another, or with what is there now',
    tags,
    params,
    query: Type.Object(
      { to: Type.Optional(RevisionId) },
      { additionalProperties: false, description: 'The other revision; without it, what is there now.' },
    ),
    status: 200,
    response: Ref(RevisionDifference),
  },
  rollBack: {
    method: 'POST',
    path: `${path}/rollback`,
    summary: 'Make the configuration what it was after a revision, or before it',
    description:
      'One change, whole or not at all: what was deleted since comes back under its identifier, what was created since is ' +
      'deleted, what was changed since is changed back. All else stays untouched, with its connections. Users, tokens ' +
      'and tenants stay as they are, and so do keys of stickiness that were rotated. It is a write like others: it makes ' +
      'a revision, and can be taken back. With `dryRun` the answer is what it would change, and which listeners with how ' +
      'many open connections it would touch. Refused when an address is in use by another tenant by now, or a quota is ' +
      'lower.',
    tags,
    params,
    body: Ref(RevisionRollback),
    status: 200,
    response: Ref(RolledBack),
  },
} as const satisfies Record<string, Route>;
