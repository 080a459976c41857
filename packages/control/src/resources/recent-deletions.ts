import { DELETIONS } from '@evenkeel/model/limits.ts';
import { ProblemError } from '../problem.ts';
import type { Draft } from '../state/draft.ts';
import type { LoadBalancerRecord } from '../state/records.ts';
import type { State } from '../state/state.ts';

type Noted = Pick<LoadBalancerRecord, 'tenantId' | 'region'> & {
  /** Unix milliseconds. */
  readonly at: number;
};

/**
 * Load balancers that were deleted lately, so that who deletes by mistake, or by a script that runs wild, is stopped
 * (INS-11). They are noted while a change is made; of one that comes to nothing, they are still there, and do not count.
 * Kept in memory: a control plane that starts, or begins to lead, counts from nothing.
 */
export class RecentDeletions {
  /** By load balancer, in the order in which they were noted; none is older than the window. */
  readonly #noted = new Map<string, Noted>();

  /** Notes that a draft is about to delete a load balancer. Throws when that is one too many for now. */
  take(draft: Draft, { id, tenantId, region }: LoadBalancerRecord): void {
    const { now, quotas } = draft.context;
    const limit = quotas.loadBalancerDeletions;
    this.#forget(now);
    const times = [...this.#gone(draft, tenantId)].filter((one) => one.region === region).map(({ at }) => at);
    const used = times.length;
    if (used >= limit) {
      const free = times[used - limit];
      const detail = `${used} load balancers of region ${region} were deleted within ${DELETIONS.seconds} s, and the limit is ${limit}`;
      throw new ProblemError('deletions-limited', detail, {
        quota: { name: 'loadBalancerDeletions', limit, used },
        ...(free !== undefined && { retryAfter: Math.ceil((free - now) / 1_000) + DELETIONS.seconds }),
      });
    }
    // At the end, where the newest are.
    this.#noted.delete(id);
    this.#noted.set(id, { tenantId, region, at: now });
  }

  /** How many load balancers a tenant has deleted lately, by the name of their region. `now` in Unix milliseconds. */
  countsOf(state: Pick<State, 'loadBalancers'>, tenantId: string, now: number): Map<string, number> {
    this.#forget(now);
    const counts = new Map<string, number>();
    for (const { region } of this.#gone(state, tenantId)) counts.set(region, (counts.get(region) ?? 0) + 1);
    return counts;
  }

  *#gone({ loadBalancers }: Pick<State, 'loadBalancers'>, tenantId: string): Generator<Noted> {
    for (const [id, noted] of this.#noted) if (noted.tenantId === tenantId && !loadBalancers.has(id)) yield noted;
  }

  #forget(now: number): void {
    for (const [id, { at }] of this.#noted) {
      if (now - at < DELETIONS.seconds * 1_000) return;
      this.#noted.delete(id);
    }
  }
}
