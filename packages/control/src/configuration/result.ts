import type { ConfigurationResult } from '@evenkeel/model/resources/document.ts';
import type { Draft } from '../state/draft.ts';
import type { Mention } from './contents.ts';
import { difference, type Mentioned } from './difference.ts';

/** What `work` makes of the draft, told object by object. */
export function resultOf(
  draft: Draft,
  dryRun: boolean,
  work: (mention: Mention) => void,
): Omit<ConfigurationResult, 'operationId'> {
  const before = draft.base;
  const mentioned: Mentioned[] = [];
  work((kind, record) => mentioned.push({ kind, record }));
  const changes = difference(before, draft, draft.changes, mentioned, !dryRun);
  const summary = { created: 0, updated: 0, deleted: 0, unchanged: 0 };
  for (const { action } of changes) summary[action]++;
  return { dryRun, generation: dryRun ? before.generation : draft.resultingGeneration, summary, changes };
}
