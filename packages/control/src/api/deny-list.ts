import type { denyListRoutes } from '@evenkeel/model/contract/deny-list.ts';
import type { ResponseOf } from '@evenkeel/model/contract/types.ts';
import { DENY_LIST } from '@evenkeel/model/deny-list-limits.ts';
import type { DenyEntry } from '@evenkeel/model/resources/deny-list.ts';
import type { BlockLists } from '../block-list/block-lists.ts';
import { DenyList, type DenyListPlace, type ListedDenial } from '../block-list/deny-list.ts';
import type { Call } from './call.ts';
import { encode, pageOf } from './paging.ts';
import { timestamp } from './views.ts';

export type DenyListName = keyof typeof denyListRoutes;

export type DenyListCalls = {
  readonly [K in DenyListName]: (call: Call<K>) => ResponseOf<K> | Promise<ResponseOf<K>>;
};

/** The calls about the deny list of the installation. `now`: Unix milliseconds. */
export function createDenyListCalls(lists: BlockLists, now: () => number): DenyListCalls {
  const list = new DenyList(lists, now);
  const counts = () => {
    const { addresses, networks } = list.size();
    return { addresses, networks };
  };
  return {
    getDenyList: () => ({
      ...list.size(),
      addressLimit: DENY_LIST.addresses,
      networkLimit: DENY_LIST.networks,
      version: list.version,
    }),
    listDenyEntries({ query }) {
      const { limit, after } = pageOf(query);
      const { items, next } = list.page(placeIn(after), limit);
      return { items: items.map(show), nextCursor: next === null ? null : encode(`${next.action} ${next.place}`) };
    },
    async denySources({ body: { entries }, audit }) {
      await list.put(entries, audit);
      return { changed: entries.length, ...counts() };
    },
    async removeFromDenyList({ body: { sources }, audit }) {
      return { changed: await list.remove(sources, audit), ...counts() };
    },
    async clearDenyList({ audit }) {
      return { changed: await list.clear(audit), ...counts() };
    },
    lookUpDeniedAddress({ query: { address } }) {
      const entry = list.lookUp(address);
      return { address, denied: entry?.action === 'deny', entry: entry && show(entry) };
    },
  };
}

/** A cursor that another call has given says nothing here. */
function placeIn(after: string | null): DenyListPlace {
  const [action, text] = (after ?? '').split(' ');
  const place = Number(text ?? 0);
  const isPlace = Number.isSafeInteger(place) && place >= 0;
  return { action: action === 'allow' ? 'allow' : 'deny', place: isPlace ? place : 0 };
}

function show({ source, action, until, reason }: ListedDenial): DenyEntry {
  return { source, action, until: until === null ? null : timestamp(until * 1_000), note: reason };
}
