import { REVISIONS } from '../limits.ts';
import { Input, Nullable, Output, Ref, Timestamp } from '../schema.ts';
import { type Static, Type } from '../type.ts';
import { OperationId } from './attributes.ts';
import { ObjectChange } from './document.ts';
import { Impact } from './impact.ts';
import { ResourceRef } from './operation.ts';

/** The generation that a write made, as text: identifiers are texts. */
export const RevisionId = Type.String({
  pattern: '^[1-9][0-9]{0,14}$',
  description: 'The revision: the generation that the write made.',
});

const number = Type.Integer({ minimum: 0 });
const summary = Type.Object({ created: number, updated: number, deleted: number });

const properties = {
  id: RevisionId,
  generation: Type.Integer({ description: 'The same as a number.' }),
  action: Type.String({ description: 'The operationId of the API call that made it.' }),
  actor: Type.String({ description: 'Who made it: identifier of a user, or `admin` of the installation.' }),
  requestId: Type.String({ description: 'The request; the log has it too.' }),
  operationId: OperationId,
  createdAt: Timestamp('When it was made'),
  summary,
  resources: Type.Array(Ref(ResourceRef), { description: 'What was created, changed or deleted; the first 20.' }),
};

/** One write of a tenant's configuration. Users, tokens and tenants are not part of it. */
export const Revision = Output('Revision', properties);
export type Revision = Static<typeof Revision>;

const changes = Type.Array(Ref(ObjectChange), {
  description: `What differs, field by field; the first ${REVISIONS.changes} objects, long values cut.`,
});

export const RevisionDetails = Output('RevisionDetails', { ...properties, changes });
export type RevisionDetails = Static<typeof RevisionDetails>;

export const RevisionDifference = Output('RevisionDifference', {
  from: RevisionId,
  to: Nullable(RevisionId),
  summary,
  changes,
});
export type RevisionDifference = Static<typeof RevisionDifference>;

export const RevisionRollback = Input('RevisionRollback', {
  dryRun: Type.Optional(
    Type.Boolean({ default: false, description: 'Answer with what would change and what it would touch.' }),
  ),
  before: Type.Optional(
    Type.Boolean({ default: false, description: 'To what was there before the revision, not after it.' }),
  ),
});
export type RevisionRollback = Static<typeof RevisionRollback>;

export const RolledBack = Output('RolledBack', {
  id: RevisionId,
  dryRun: Type.Boolean(),
  generation: Type.Integer({ description: 'The generation of the configuration after this call.' }),
  operationId: Nullable(OperationId),
  summary,
  changes,
  impact: Ref(Impact),
});
export type RolledBack = Static<typeof RolledBack>;
