import type { NodePlan, PlanDelta, PlanEntry } from '@evenkeel/model/plan/plan.ts';
import type { PlannedRuleGroup } from '@evenkeel/model/plan/rules.ts';

/** Whether the delta takes out of the plan, or replaces, what must not be found on a disk once it is out of use. */
export function givesUpSecrets(before: NodePlan, { upserts, removes }: PlanDelta): boolean {
  const changed = [
    ...removes.map((key) => [key, undefined] as const),
    ...upserts.map((one) => [one.key, one] as const),
  ];
  return changed.some(([key, after]) => {
    const entry = before.entries.get(key);
    return entry !== undefined && losesSecret(entry, after);
  });
}

/**
 * Private keys, and keys of session tickets, by which sessions recorded long ago could be read; keys of cookies; what
 * tokens are signed with. `after`: what takes the place of the entry.
 */
function losesSecret(entry: PlanEntry, after: PlanEntry | undefined): boolean {
  switch (entry.kind) {
    case 'certificate':
    case 'ticket-keys':
      return true;
    case 'service':
      return entry.value.stickiness?.type === 'cookie';
    case 'rule-group': {
      // Rules change often, and their secrets seldom.
      const kept = new Set(after?.kind === 'rule-group' ? secretsOf(after.value) : []);
      return secretsOf(entry.value).some((keys) => !kept.has(keys));
    }
    case 'listener':
    case 'group':
    case 'authority':
    case 'security-group':
      return false;
  }
}

/** Sets of keys (RFC 7517) with one among them that tokens can be signed with as well as checked. */
function secretsOf({ rules }: PlannedRuleGroup): string[] {
  return rules.flatMap(({ jwt }) => (jwt?.keys.includes('"oct"') ? [jwt.keys] : []));
}
