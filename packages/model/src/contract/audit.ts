import { AUDIT_OUTCOMES } from '../history-words.ts';
import { Id } from '../identifiers.ts';
import { AUDIT } from '../limits.ts';
import { AuditEntry } from '../resources/audit-entry.ts';
import { RESOURCE_KINDS } from '../resources/operation.ts';
import { Ref, Words } from '../schema.ts';
import { Type } from '../type.ts';
import { ListQuery, Page, type Route } from './route.ts';

const tags = ['audit'] as const;

const text = (description: string) => Type.Optional(Type.String({ minLength: 1, maxLength: 100, description }));
const time = (description: string) => Type.Optional(Type.String({ format: 'date-time', description }));

const filters = {
  resourceId: text('Only entries about this resource.'),
  resourceKind: Type.Optional(Words(RESOURCE_KINDS, 'Only entries about resources of this kind.')),
  actorId: text('Only what this user did.'),
  action: text('Only this action: the operationId of an API call.'),
  outcome: Type.Optional(Words(AUDIT_OUTCOMES, 'Only entries with this outcome.')),
  from: time('Only entries of this time or later (RFC 3339).'),
  to: time('Only entries before this time (RFC 3339).'),
  allTenants: Type.Optional(
    Type.Boolean({ description: 'Entries of all tenants, also of those that are gone; for a role that reaches all.' }),
  ),
};

export const auditRoutes = {
  listAudit: {
    method: 'GET',
    path: '/v1/audit',
    summary: 'List what was done, and by whom, the newest first',
    description:
      'An entry for each resource that a write changed, with the resource before and after, in the transaction of that ' +
      'write; one for a write that changed nothing, and one for each that was refused. ' +
      `Entries are kept for ${AUDIT.days.default} days unless the installation says otherwise, of each tenant ` +
      `${AUDIT.entries} at most; the oldest go first. With several filters a page may have fewer entries than asked ` +
      'for, or none, and more behind it: the last one has no `nextCursor`.',
    tags,
    query: ListQuery(filters),
    status: 200,
    response: Page(AuditEntry),
    role: 'admin',
  },
  exportAudit: {
    method: 'GET',
    path: '/v1/audit/export',
    summary: 'Read the audit log as lines of JSON, the oldest first',
    description:
      'One entry in each line, as they are listed. To go on where an earlier export ended, give the identifier of its ' +
      'last entry as `after`. The stream ends early when the token that it was asked for with is no longer accepted.',
    tags,
    query: Type.Object(
      { ...filters, after: Type.Optional(Id('auditEntry', 'Only entries after this one.')) },
      { additionalProperties: false },
    ),
    status: 200,
    response: Ref(AuditEntry),
    media: 'application/x-ndjson',
    role: 'admin',
  },
} as const satisfies Record<string, Route>;
