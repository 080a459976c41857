import type { Draft } from '../state/draft.ts';
import type { AnyRecord } from '../state/records.ts';
import { checkMatch } from './preconditions.ts';

/** What all writes begin and end with. */

/** What a write answers with, but for the operation, which the store makes. */
export type Unstored<T> = Omit<T, 'operationId'>;

/** The record, when `If-Match` names it as it is. */
export function matching<T extends { readonly id: string; readonly generation: number }>(
  ifMatch: string | undefined,
  record: T,
): T {
  checkMatch(ifMatch, record);
  return record;
}

export function deleted(draft: Draft, { id }: AnyRecord) {
  return { id, generation: draft.resultingGeneration };
}
