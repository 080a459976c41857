import { DELETIONS } from '@evenkeel/model/limits.ts';
import { ProblemError } from '../problem.ts';
import type { Draft } from '../state/draft.ts';
import type { LoadBalancerRecord } from '../state/records.ts';
import type { State } from '../state/state.ts';

type Noted = Pick<LoadBalancerRecord, 'id' | 'tenantId' | 'region'> & {
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

  /**
   * Notes that a draft is about to delete a load balancer; what the draft itself has created does not count. Throws
   * `deletions-limited` when that is one too many for now, and `quota-exceeded` when it is for one change.
   */
  take(draft: Draft, { id, tenantId, region }: LoadBalancerRecord): void {
    const { loadBalancers } = draft.base;
    if (!loadBalancers.has(id)) return;
    const { now, quotas } = draft.context;
    const limit = quotas.loadBalancerDeletions;
    this.#forget(now);
    const gone = [...this.#gone(draft, tenantId)].filter((one) => one.region === region);
    const used = gone.length;
    const own = gone.filter((one) => loadBalancers.has(one.id)).length;
    if (own >= limit) throw tooManyTogether(region, limit, used - own);
    if (used >= limit) {
      // The newest that has to be out of the window before this one; those of the draft come after it.
      const free = gone[used - limit]!.at;
      const detail = `${used} load balancers of region ${region} were deleted within ${DELETIONS.seconds} s, and the limit is ${limit}`;
      throw new ProblemError('deletions-limited', detail, {
        quota: { name: 'loadBalancerDeletions', limit, used },
        retryAfter: Math.ceil((free - now) / 1_000) + DELETIONS.seconds,
      });
    }
    // At the end, where the newest are.
    this.#noted.delete(id);
    this.#noted.set(id, { id, tenantId, region, at: now });
  }

  /** Refuses with `quota-exceeded` what can never be deleted as one change, however long it waits. `at`: the field of the call. */
  checkTogether(draft: Draft, loadBalancers: readonly LoadBalancerRecord[], at: string): void {
    const limit = draft.context.quotas.loadBalancerDeletions;
    const existing = loadBalancers.filter(({ id }) => draft.base.loadBalancers.has(id));
    for (const [region, { length }] of Map.groupBy(existing, (one) => one.region)) {
      if (length <= limit) continue;
      const { tenantId } = existing[0]!;
      const used = this.countsOf(draft.base, tenantId, draft.context.now).get(region) ?? 0;
      throw tooManyTogether(region, limit, used, at);
    }
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

function tooManyTogether(region: string, limit: number, used: number, at?: string): ProblemError {
  const reason = `more than ${limit} load balancers of region ${region} cannot be deleted in one change`;
  const quota = { name: 'loadBalancerDeletions', limit, used };
  if (at === undefined) return new ProblemError('quota-exceeded', reason, { quota });
  const errors = [{ field: at, reason, allowed: limit }];
  return new ProblemError('quota-exceeded', `${at}: ${reason}`, { errors, quota });
}
