import { etagOf } from '@evenkeel/model/contract/contract.ts';
import { ProblemError } from '../problem.ts';

/** Refuses when `If-Match` does not name the resource as it is (RFC 9110 §13.1.1; comparison is strong). */
export function checkMatch(
  ifMatch: string | undefined,
  record: { readonly id: string; readonly generation: number },
): void {
  if (ifMatch === undefined || ifMatch.trim() === '*') return;
  const current = etagOf(record);
  if (ifMatch.split(',').some((tag) => tag.trim() === current)) return;
  throw new ProblemError('precondition-failed', `${record.id} has the ETag ${current}, not ${ifMatch}`);
}
