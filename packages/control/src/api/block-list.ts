import type { blockListRoutes } from '@evenkeel/model/contract/block-list.ts';
import type { ResponseOf } from '@evenkeel/model/contract/types.ts';
import { BLOCK_LIST } from '@evenkeel/model/limits.ts';
import type { BlockedSource } from '@evenkeel/model/resources/block-list.ts';
import { quotasOf } from '../access/quotas.ts';
import type { BlockLists } from '../block-list/block-lists.ts';
import type { ListedSource } from '../block-list/tenant-list.ts';
import type { Store } from '../store/store.ts';
import type { Call } from './call.ts';
import { encode, pageOf } from './paging.ts';
import { timestamp } from './views.ts';

export type BlockListName = keyof typeof blockListRoutes;

export type BlockListCalls = {
  readonly [K in BlockListName]: (call: Call<K>) => ResponseOf<K> | Promise<ResponseOf<K>>;
};

/** The calls about the block list of a tenant, which is no part of its configuration. */
export function createBlockListCalls(lists: BlockLists, store: Store): BlockListCalls {
  const quotaOf = (tenantId: string) => quotasOf(store.quotas, store.state, tenantId).blockListEntries;
  return {
    getBlockList({ caller }) {
      const { version } = lists.position;
      const { entries, used } = lists.size(caller.actingIn);
      if (caller.reach === 'all') return { entries, used, limit: BLOCK_LIST.entries, version };
      // What others have is nothing to a tenant.
      return { entries, used: entries, limit: quotaOf(caller.actingIn), version };
    },
    listBlockedSources({ query, caller }) {
      const { limit, after } = pageOf(query);
      const { items, next } = lists.page(caller.actingIn, placeIn(after), limit);
      return { items: items.map(show), nextCursor: next === null ? null : encode(String(next)) };
    },
    async blockSources({ body, caller, audit }) {
      const entries = await lists.block(caller.actingIn, body.entries, quotaOf(caller.actingIn), audit);
      return { changed: body.entries.length, entries };
    },
    async unblockSources({ body, caller, audit }) {
      const changed = await lists.unblock(caller.actingIn, body.sources, audit);
      return { changed, entries: lists.size(caller.actingIn).entries };
    },
    async clearBlockList({ caller, audit }) {
      return { changed: await lists.clear(caller.actingIn, audit), entries: 0 };
    },
    lookUpBlockedSource({ query: { address }, caller }) {
      const entry = lists.lookUp(caller.actingIn, address);
      return { address, blocked: entry !== null, entry: entry && show(entry) };
    },
  };
}

/** A cursor that another call has given says nothing here. */
function placeIn(after: string | null): number {
  const place = Number(after ?? 0);
  return Number.isSafeInteger(place) && place >= 0 ? place : 0;
}

function show({ source, until, reason }: ListedSource): BlockedSource {
  return { source, until: until === null ? null : timestamp(until * 1_000), reason };
}
