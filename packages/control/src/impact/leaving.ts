import type { PlannedTarget } from '@evenkeel/model/plan/objects.ts';
import type { PlanEntry } from '@evenkeel/model/plan/plan.ts';

type Entries = ReadonlyMap<string, PlanEntry>;

/** How many targets the services among these entries had and have no more: as they are, at the same address and port. */
export function targetsLeaving(before: Entries, after: Entries): number {
  let leaving = 0;
  for (const [key, entry] of before) {
    if (entry.kind !== 'service') continue;
    const now = endpointsOf(after.get(key), after);
    for (const [id, endpoint] of endpointsOf(entry, before)) if (now.get(id) !== endpoint) leaving++;
  }
  return leaving;
}

function endpointsOf(service: PlanEntry | undefined, entries: Entries): Map<string, string> {
  if (service?.kind !== 'service') return new Map();
  const { groupId, port } = service.value;
  const group = groupId === null ? undefined : entries.get(`group/${groupId}`);
  const targets: readonly PlannedTarget[] = group?.kind === 'group' ? group.value.targets : [];
  return new Map(targets.map((target) => [target.id, `${target.address} ${target.port || port}`]));
}
