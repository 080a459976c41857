import type { IdSource } from '@evenkeel/model/identifiers.ts';
import type { Change } from '../state/draft.ts';
import type { OperationRecord } from '../store/history.ts';
import type { AuditEntry, Author } from './entry.ts';
import { recorded } from './recorded.ts';

/** The entries of a write: one for each resource that it changed, or a single one when it changed nothing. */
export function entriesOf(
  changes: readonly Change[],
  { id: operationId, tenantId, generation, action, createdAt: at }: OperationRecord,
  author: Author,
  requestId: string,
  ids: IdSource,
): AuditEntry[] {
  const entry = (about: Pick<AuditEntry, 'resource' | 'change' | 'before' | 'after'>): AuditEntry => ({
    id: ids.next('auditEntry'),
    at,
    tenantId,
    author,
    action,
    outcome: 'done',
    code: null,
    detail: '',
    requestId,
    operationId,
    generation,
    omitted: 0,
    ...about,
  });
  if (changes.length === 0) return [entry({ resource: null, change: null, before: null, after: null })];
  return changes.map(({ kind, id, before, after }) =>
    entry({
      resource: { kind, id, name: (after ?? before)!.name },
      change: before === null ? 'created' : after === null ? 'deleted' : 'updated',
      before: before && recorded(before, null),
      after: after && recorded(after, before),
    }),
  );
}
