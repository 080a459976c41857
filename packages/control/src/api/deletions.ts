import type { ResponseOf } from '@evenkeel/model/contract/types.ts';
import { CHANGE_SET } from '@evenkeel/model/limits.ts';
import type { ObjectChange } from '@evenkeel/model/resources/document.ts';
import { DELETION_HINDRANCES, type DeletionHindrance } from '@evenkeel/model/resources/load-balancer-deletion.ts';
import { difference } from '../configuration/difference.ts';
import type { Assessor } from '../impact/assess.ts';
import { ProblemError } from '../problem.ts';
import { guardDeletion } from '../resources/deletion-guard.ts';
import {
  checkUnprotected,
  deleteLoadBalancer,
  getLoadBalancer,
  removeLoadBalancer,
} from '../resources/load-balancers.ts';
import { refTo } from '../resources/rules.ts';
import type { Draft } from '../state/draft.ts';
import type { LoadBalancerTree } from '../state/state.ts';
import { summaryOf } from '../store/journal.ts';
import type { Store } from '../store/store.ts';
import type { Call } from './call.ts';
import type { Writes } from './writes.ts';
import { deleted, matching } from './written.ts';

export type DeletionName = 'getLoadBalancerDeletion';

/** The calls that delete load balancers. */
export const deletionWrites: Pick<Writes, 'deleteLoadBalancer' | 'deleteLoadBalancers'> = {
  deleteLoadBalancer(draft, { params, query, ifMatch }) {
    const record = matching(ifMatch, getLoadBalancer(draft, params.loadBalancerId));
    guardDeletion(draft, draft.loadBalancers.get(record.id)!, query.force ?? false, 'query force');
    deleteLoadBalancer(draft, record, query.releaseElasticIp);
    return deleted(draft, record);
  },
  /** Several as one change: all of them, or none. */
  deleteLoadBalancers(draft, { body }) {
    const { loadBalancerIds, force = false, releaseElasticIp } = body;
    const records = loadBalancerIds.map((id) => getLoadBalancer(draft, id));
    draft.context.deletions?.recent.checkTogether(draft, records, '/loadBalancerIds');
    for (const record of records) {
      guardDeletion(draft, draft.loadBalancers.get(record.id)!, force, '/force');
      deleteLoadBalancer(draft, record, releaseElasticIp);
    }
    return { deleted: records.map((record) => refTo('loadBalancer', record)), generation: draft.resultingGeneration };
  },
};

interface DeletionSources {
  readonly store: Pick<Store, 'preview'>;
  readonly assessor: Assessor;
}

/** The call that tells what a deletion would mean, whether or not it would be refused. */
export function createDeletionReads({ store, assessor }: DeletionSources): {
  readonly [K in DeletionName]: (call: Call<K>) => Promise<ResponseOf<K>>;
} {
  return {
    async getLoadBalancerDeletion({ params, query, caller, checkChanges }) {
      const { force = false, releaseElasticIp = false } = query;
      const { touched, ...shown } = store.preview(caller.actingIn, (draft) => {
        const record = getLoadBalancer(draft, params.loadBalancerId);
        const hindrances = hindrancesOf(draft, draft.loadBalancers.get(record.id)!, force);
        removeLoadBalancer(draft, record, releaseElasticIp);
        checkChanges(draft);
        const changes = difference(draft.base, draft, draft.changes, [], false).slice(0, CHANGE_SET.shown);
        return {
          loadBalancerId: record.id,
          name: record.name,
          summary: summaryOf(draft.changes),
          changes: changes.map(named),
          hindrances,
          touched: assessor.touched(draft.whole, draft.finish()),
        };
      });
      return { ...shown, impact: await assessor.measure(touched) };
    },
  };
}

/** What is deleted is told by its name alone. */
function named(change: ObjectChange): ObjectChange {
  return change.action === 'deleted' ? { ...change, fields: [] } : change;
}

function hindrancesOf(draft: Draft, tree: LoadBalancerTree, force: boolean): DeletionHindrance[] {
  const checks = [
    () => checkUnprotected(tree.loadBalancer),
    () => guardDeletion(draft, tree, force, 'query force'),
    () => draft.context.deletions?.recent.take(draft, tree.loadBalancer),
  ];
  return checks.flatMap((check) => {
    try {
      check();
      return [];
    } catch (error) {
      return [hindranceOf(error)];
    }
  });
}

function hindranceOf(error: unknown): DeletionHindrance {
  if (!(error instanceof ProblemError)) throw error;
  const code = DELETION_HINDRANCES.find((one) => one === error.code);
  if (code === undefined) throw error;
  return { code, detail: error.particulars.errors?.[0]?.reason ?? error.message };
}
