import { planOf } from '@evenkeel/model/plan/delta.ts';
import type { NodePlan, PlanEntry } from '@evenkeel/model/plan/plan.ts';
import type { RefusedListener } from '@evenkeel/model/plan/stream.ts';

/** By key, what is wrong with entries whose values this version cannot run. Their values have any shape. */
export type Faults = ReadonlyMap<string, string>;

/** Characters of a reason: the control plane takes no longer ones. */
const DETAIL = 400;

/** The plan with what was there before in the place of entries that cannot be run, or without them. */
export function withoutFaults(plan: NodePlan, faults: Faults, former: NodePlan): NodePlan {
  if (faults.size === 0) return plan;
  const entries: PlanEntry[] = [];
  for (const entry of plan.entries.values()) {
    const taken = faults.has(entry.key) ? former.entries.get(entry.key) : entry;
    if (taken !== undefined) entries.push(taken);
  }
  return planOf(plan.version, entries);
}

/** The listeners that are not as they should be because of faults: those concerned, and those that use what is. */
export function refusedFor(plan: NodePlan, faults: Faults): RefusedListener[] {
  if (faults.size === 0) return [];
  // Identifiers are unique over all kinds, so whoever has one in its text refers to it; a fault is rare enough for that.
  const texts = Array.from(plan.entries.values(), ({ key, value }) => ({ key, text: JSON.stringify(value) }));
  const refused = new Map<string, RefusedListener>();
  for (const [key, fault] of faults) {
    const concerned = new Set([key]);
    for (const one of concerned) {
      const [kind, id] = one.split('/') as [string, string];
      if (kind === 'listener') refused.set(id, { listenerId: id, code: 'failed', detail: fault.slice(0, DETAIL) });
      else for (const { key: user, text } of texts) if (text.includes(`"${id}"`)) concerned.add(user);
    }
  }
  return [...refused.values()];
}
