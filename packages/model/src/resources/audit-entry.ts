import { AUDIT_OUTCOMES } from '../history-words.ts';
import { AUDIT } from '../limits.ts';
import { Nullable, Output, Ref, Timestamp, Words } from '../schema.ts';
import { type Static, Type } from '../type.ts';
import { ResourceRef } from './operation.ts';

const Recorded = (description: string) =>
  Type.Unsafe<Readonly<Record<string, unknown>> | null>({ type: ['object', 'null'], description });

export const AuditCredential = Output('AuditCredential', {
  kind: Words(
    ['installation', 'token', 'accessKey', 'session', 'none'],
    'What the user came with; `installation`: the credential in its home.',
  ),
  id: Type.String({ description: 'Its identifier.' }),
});

export const AuditEntry = Output(
  'AuditEntry',
  {
    id: Type.String({ description: 'Identifier of the entry. Later entries have greater ones.' }),
    at: Timestamp('When it was done'),
    tenantId: Nullable(
      Type.String({ description: 'The tenant that was acted in; null: it was not recorded at that time.' }),
    ),
    actorId: Type.String({
      description:
        'Identifier of the user; `admin`: the credential of the installation, `evenkeel`: the control plane itself.',
    }),
    actorName: Type.String({ description: 'Name of the user at that time.' }),
    credential: Nullable(Ref(AuditCredential)),
    source: Type.String({ description: 'The address that the request came from; empty: it was no request.' }),
    action: Type.String({ description: 'The operationId of the API call.' }),
    outcome: Words(
      AUDIT_OUTCOMES,
      '`refused`: it could not be done as it was asked for; `denied`: the role of the user is not enough for it.',
    ),
    code: Nullable(Type.String({ description: 'The code of the error; null: it was done.' })),
    detail: Type.String({
      description:
        'The reason in words; of what was done, what no resource says, such as the sources that were blocked.',
    }),
    requestId: Type.String({ description: 'The `Request-Id` of the answer. Entries of one request share it.' }),
    operationId: Nullable(Type.String({ description: 'The operation; null: the configuration was not changed.' })),
    generation: Type.Integer({ description: 'The generation of the configuration after it.' }),
    resource: Nullable(Ref(ResourceRef)),
    change: Nullable(Words(['created', 'updated', 'deleted'], 'What was done to the resource.')),
    before: Recorded('The resource before; null: it is new, or nothing was changed.'),
    after: Recorded('The resource after; null: it is gone, or nothing was changed.'),
    omitted: Type.Integer({
      description: `Refusals of the tenant before this one that were too many to be recorded: more than ${AUDIT.refusals.burst} at once, and one each ${AUDIT.refusals.seconds} seconds then.`,
    }),
  },
  'One change of one resource, or one request that was refused. Secrets are never in it, and long texts as their checksum.',
);
export type AuditEntry = Static<typeof AuditEntry>;
