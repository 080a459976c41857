import type { PlannedListener } from '@evenkeel/model/plan/objects.ts';
import type { PlannedRuleGroup } from '@evenkeel/model/plan/rules.ts';

/** Identifiers of all services that a listener may send to; `rules`: of the group that it uses, null for none. */
export function servicesOf(planned: PlannedListener, rules: PlannedRuleGroup | null): Set<string> {
  const ids = new Set(planned.serverNames.map(({ serviceId }) => serviceId));
  if (planned.serviceId !== null) ids.add(planned.serviceId);
  for (const { action, mirror } of rules?.rules ?? []) {
    if (mirror !== null) ids.add(mirror.serviceId);
    if (action.type === 'forward') for (const { serviceId } of action.services) ids.add(serviceId);
  }
  return ids;
}
