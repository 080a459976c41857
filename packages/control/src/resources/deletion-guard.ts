import { BATCH_DELETION, DELETIONS } from '@evenkeel/model/limits.ts';
import { refuseField } from '../problem.ts';
import type { Draft } from '../state/draft.ts';
import type { LoadBalancerTree } from '../state/state.ts';
import type { RecentDeletions } from './recent-deletions.ts';

/** What the guard knows besides the configuration. */
export interface Deletions {
  readonly recent: RecentDeletions;
  /** Bits per second, to or from clients, of the busiest minute lately; 0: none, or nobody knows. */
  readonly peakOf: (loadBalancerId: string) => number;
}

/**
 * Refuses to delete a load balancer with many targets, or with targets and much traffic, unless it is said that this is
 * meant (INS-11). `at` is the field that says so.
 */
export function guardDeletion(
  draft: Draft,
  { loadBalancer, groups }: LoadBalancerTree,
  force: boolean,
  at: string,
): void {
  if (force) return;
  let targets = 0;
  for (const group of groups.values()) targets += group.targets.size;
  if (targets === 0) return;
  if (targets >= BATCH_DELETION.guardedTargets) {
    const reason = `${loadBalancer.name} has ${targets} targets; of ${BATCH_DELETION.guardedTargets} or more, deletion has to be forced`;
    refuseField('deletion-guarded', at, reason, true);
  }
  const peak = draft.context.deletions?.peakOf(loadBalancer.id) ?? 0;
  if (peak <= DELETIONS.guardedMegabits * 1_000_000) return;
  const reason =
    `${loadBalancer.name} has carried ${Math.round(peak / 100_000) / 10} Mbit/s within ${DELETIONS.seconds} s; ` +
    `beyond ${DELETIONS.guardedMegabits} Mbit/s, deletion has to be forced`;
  refuseField('deletion-guarded', at, reason, true);
}
