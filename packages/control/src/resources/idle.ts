import type { IdleLoadBalancer } from '@evenkeel/model/resources/idle-load-balancer.ts';
import type { LoadBalancerTree } from '../state/state.ts';

type IdleReason = Exclude<IdleLoadBalancer['reason'], 'no-traffic'>;

/** Why the load balancer can do nothing; null: it may well do something. */
export function whyIdle({ listeners, groups, ruleGroups }: LoadBalancerTree): IdleReason | null {
  if (listeners.size === 0) return 'no-listeners';
  for (const { targets } of groups.values()) if (targets.size > 0) return null;
  const used = new Set(Array.from(listeners.values(), ({ ruleGroupId }) => ruleGroupId));
  for (const [id, { rules }] of ruleGroups) {
    if (used.has(id) && rules.values().some(({ redirect, respond }) => redirect !== null || respond !== null)) {
      return null;
    }
  }
  return 'no-targets';
}
