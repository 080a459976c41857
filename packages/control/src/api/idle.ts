import type { ResponseOf } from '@evenkeel/model/contract/types.ts';
import { IDLE_DAYS, QUIET_DAYS } from '@evenkeel/model/limits.ts';
import type { IdleLoadBalancer } from '@evenkeel/model/resources/idle-load-balancer.ts';
import { whyIdle } from '../resources/idle.ts';
import type { LoadBalancerRecord } from '../state/records.ts';
import type { State } from '../state/state.ts';
import type { Call } from './call.ts';
import { paginate } from './paging.ts';
import { timestamp } from './views.ts';

/** Milliseconds. */
const DAY = 86_400_000;

/** Since when a load balancer carries nothing, in Unix milliseconds; null: nobody knows that it does. */
export type QuietSince = (loadBalancer: LoadBalancerRecord) => number | null;

/** Load balancers that do nothing, and are so old that somebody may have forgotten them. `now` in Unix milliseconds. */
export function listIdleLoadBalancers(
  { query, state }: Call<'listIdleLoadBalancers'>,
  quietSince: QuietSince,
  now: number,
): ResponseOf<'listIdleLoadBalancers'> {
  const { days = IDLE_DAYS.default, reason } = query;
  const idle = idleIn(state, days, quietSince, now).filter((one) => (reason ?? one.reason) === one.reason);
  return paginate(
    idle,
    query,
    ({ loadBalancerId }) => loadBalancerId,
    (one) => one,
  );
}

function* idleIn(state: State, days: number, quietSince: QuietSince, now: number): Generator<IdleLoadBalancer> {
  // Hardly any load balancer has traffic at each moment.
  const quietDays = Math.max(days, QUIET_DAYS);
  for (const tree of state.loadBalancers.values()) {
    const { id, name, createdAt, deletionProtection } = tree.loadBalancer;
    const age = Math.floor((now - createdAt) / DAY);
    if (age < days) continue;
    const since = quietSince(tree.loadBalancer);
    const isQuiet = since !== null && now - since >= quietDays * DAY;
    const reason = whyIdle(tree) ?? (isQuiet ? 'no-traffic' : null);
    if (reason === null) continue;
    const quiet = since === null ? null : timestamp(since);
    const created = { createdAt: timestamp(createdAt), days: age };
    yield { loadBalancerId: id, name, reason, ...created, quietSince: quiet, deletionProtection };
  }
}
