import { ID_DIGITS, ID_PREFIXES } from '@evenkeel/model/id-kinds.ts';
import type { PlanEntry } from '@evenkeel/model/plan/plan.ts';

/** By the prefix of an identifier: the kind of the entry that such an object has in a plan. */
const ENTRY_OF: Readonly<Record<string, PlanEntry['kind']>> = {
  [ID_PREFIXES.backendService]: 'service',
  [ID_PREFIXES.targetGroup]: 'group',
  [ID_PREFIXES.ruleGroup]: 'rule-group',
  [ID_PREFIXES.certificate]: 'certificate',
  [ID_PREFIXES.authority]: 'authority',
  [ID_PREFIXES.securityGroup]: 'security-group',
};
const REFERENCE = new RegExp(`^(${Object.keys(ENTRY_OF).join('|')})-[0-9a-z]{${ID_DIGITS}}$`);

/** Entries never change, so neither does what they refer to. */
const known = new WeakMap<PlanEntry, readonly string[]>();

/** Keys of the entries that an entry refers to, wherever in it. */
export function referencesIn(entry: PlanEntry): readonly string[] {
  let keys = known.get(entry);
  if (keys === undefined) {
    const found = new Set<string>();
    collect(entry.value, found);
    found.delete(entry.key);
    keys = [...found];
    known.set(entry, keys);
  }
  return keys;
}

function collect(value: unknown, found: Set<string>): void {
  if (typeof value === 'string') {
    const prefix = REFERENCE.exec(value)?.[1];
    if (prefix !== undefined) found.add(`${ENTRY_OF[prefix]}/${value}`);
  } else if (typeof value === 'object' && value !== null) {
    for (const part of Object.values(value)) collect(part, found);
  }
}
