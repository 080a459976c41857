import type { NodePlan, PlanDelta, PlanEntry } from '@evenkeel/model/plan/plan.ts';

/** Whether the delta takes out of the plan, or replaces, what must not be found on a disk once it is out of use. */
export function givesUpSecrets(before: NodePlan, { upserts, removes }: PlanDelta): boolean {
  const keys = [...removes, ...upserts.map((entry) => entry.key)];
  return keys.some((key) => {
    const entry = before.entries.get(key);
    return entry !== undefined && holdsSecret(entry);
  });
}

/** Private keys, and keys of session tickets, by which sessions recorded long ago could be read; keys of cookies. */
function holdsSecret(entry: PlanEntry): boolean {
  switch (entry.kind) {
    case 'certificate':
    case 'ticket-keys':
      return true;
    case 'service':
      return entry.value.stickiness?.type === 'cookie';
    case 'listener':
    case 'group':
    case 'rule-group':
    case 'authority':
      return false;
  }
}
