import type { ResponseOf } from '@evenkeel/model/contract/types.ts';
import { IDLE_DAYS } from '@evenkeel/model/limits.ts';
import type { IdleLoadBalancer } from '@evenkeel/model/resources/idle-load-balancer.ts';
import { guardDeletion } from '../resources/deletion-guard.ts';
import { whyIdle } from '../resources/idle.ts';
import { deleteLoadBalancer, getLoadBalancer } from '../resources/load-balancers.ts';
import { refTo } from '../resources/rules.ts';
import type { State } from '../state/state.ts';
import type { Call } from './call.ts';
import { paginate } from './paging.ts';
import { timestamp } from './views.ts';
import type { Writes } from './writes.ts';

/** Milliseconds. */
const DAY = 86_400_000;

/** Load balancers that do nothing, and are so old that somebody may have forgotten them. `now` in Unix milliseconds. */
export function listIdleLoadBalancers(
  { query, state }: Call<'listIdleLoadBalancers'>,
  now: number,
): ResponseOf<'listIdleLoadBalancers'> {
  const idle = idleIn(state, query.days ?? IDLE_DAYS.default, now);
  return paginate(
    idle,
    query,
    ({ loadBalancerId }) => loadBalancerId,
    (one) => one,
  );
}

function* idleIn(state: State, days: number, now: number): Generator<IdleLoadBalancer> {
  for (const tree of state.loadBalancers.values()) {
    const { id, name, createdAt, deletionProtection } = tree.loadBalancer;
    const age = Math.floor((now - createdAt) / DAY);
    const reason = age < days ? null : whyIdle(tree);
    if (reason === null) continue;
    yield { loadBalancerId: id, name, reason, createdAt: timestamp(createdAt), days: age, deletionProtection };
  }
}

/** Several load balancers as one change: all of them, or none. */
export const deleteLoadBalancers: Writes['deleteLoadBalancers'] = (draft, { body }) => {
  const { loadBalancerIds, force = false } = body;
  const records = loadBalancerIds.map((id) => getLoadBalancer(draft, id));
  for (const record of records) {
    guardDeletion(draft.loadBalancers.get(record.id)!, force, '/force');
    deleteLoadBalancer(draft, record);
  }
  const deleted = records.map((record) => refTo('loadBalancer', record));
  return { deleted, generation: draft.resultingGeneration };
};
