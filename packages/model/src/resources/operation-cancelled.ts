import { Id } from '../identifiers.ts';
import { REVISIONS } from '../limits.ts';
import { Input, Nullable, Output, Ref } from '../schema.ts';
import { type Static, Type } from '../type.ts';
import { OperationId } from './attributes.ts';
import { ObjectChange } from './document.ts';
import { Impact } from './impact.ts';

export const OperationCancel = Input('OperationCancel', {
  dryRun: Type.Optional(
    Type.Boolean({ default: false, description: 'Answer with what would change and what it would touch.' }),
  ),
});
export type OperationCancel = Static<typeof OperationCancel>;

const number = Type.Integer({ minimum: 0 });

export const OperationCancelled = Output('OperationCancelled', {
  id: Id('operation', 'The operation that is taken back.'),
  dryRun: Type.Boolean(),
  generation: Type.Integer({ description: 'The generation of the configuration after this call.' }),
  operationId: Nullable(OperationId),
  summary: Type.Object({ created: number, updated: number, deleted: number }),
  changes: Type.Array(Ref(ObjectChange), {
    description: `What differs, field by field; the first ${REVISIONS.changes} objects, long values cut.`,
  }),
  impact: Ref(Impact),
});
export type OperationCancelled = Static<typeof OperationCancelled>;
