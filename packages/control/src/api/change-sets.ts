import type { changeSetRoutes } from '@evenkeel/model/contract/change-sets.ts';
import type { ResponseOf } from '@evenkeel/model/contract/types.ts';
import type { CarriedOutBy } from '../change-sets/carry-out.ts';
import type { ChangeSets } from '../change-sets/change-sets.ts';
import { showChangeSet, showHead } from '../change-sets/rows.ts';
import type { Call } from './call.ts';
import { encode, pageOf } from './paging.ts';

export type ChangeSetName = keyof typeof changeSetRoutes;

export type ChangeSetCalls = { readonly [K in ChangeSetName]: (call: Call<K>) => Promise<ResponseOf<K>> };

/** The calls about change sets. `now` in Unix milliseconds. */
export function createChangeSetCalls(changeSets: ChangeSets, now: () => number): ChangeSetCalls {
  const byWhom = ({
    caller,
    requestId,
    checkChanges: check,
  }: Pick<Call<'createChangeSet'>, 'caller' | 'requestId' | 'checkChanges'>): CarriedOutBy => ({
    caller,
    requestId,
    check,
  });
  return {
    async listChangeSets({ query, caller }) {
      const { limit, after } = pageOf(query);
      const rows = await changeSets.list(caller.actingIn, limit + 1, after);
      const items = rows.slice(0, limit).map((row) => showHead(row, now()));
      return { items, nextCursor: rows.length > limit ? encode(items.at(-1)!.id) : null };
    },
    createChangeSet: (call) => changeSets.create(call.body, byWhom(call), call.audit),
    getChangeSet: async ({ params, caller }) =>
      showChangeSet(await changeSets.get(caller.actingIn, params.changeSetId), now()),
    planChangeSet: (call) => changeSets.plan(call.params.changeSetId, byWhom(call), call.audit),
    applyChangeSet: (call) => changeSets.apply(call.params.changeSetId, call.ifMatch, byWhom(call)),
    async deleteChangeSet({ params: { changeSetId }, caller, audit }) {
      await changeSets.remove(caller.actingIn, changeSetId, audit(changeSetId));
      return { id: changeSetId };
    },
  };
}
