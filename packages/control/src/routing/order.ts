import type { RuleRecord } from '../state/records.ts';

/** The rules of a group as they are tried: by priority, of which each has its own. */
export function inOrder(rules: Iterable<RuleRecord>): RuleRecord[] {
  return [...rules].sort((a, b) => a.priority - b.priority);
}
