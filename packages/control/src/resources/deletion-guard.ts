import { BATCH_DELETION } from '@evenkeel/model/limits.ts';
import { refuseField } from '../problem.ts';
import type { LoadBalancerTree } from '../state/state.ts';

/**
 * Refuses to delete a load balancer with many targets, unless it is said that this is meant (INS-11). `at` is the field
 * that says so.
 */
export function guardDeletion({ loadBalancer, groups }: LoadBalancerTree, force: boolean, at: string): void {
  if (force) return;
  let targets = 0;
  for (const group of groups.values()) targets += group.targets.size;
  if (targets < BATCH_DELETION.guardedTargets) return;
  const reason = `${loadBalancer.name} has ${targets} targets; of ${BATCH_DELETION.guardedTargets} or more, deletion has to be forced`;
  refuseField('deletion-guarded', at, reason, true);
}
