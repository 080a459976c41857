import type { ResponseOf } from '@evenkeel/model/contract/types.ts';
import { idPattern } from '@evenkeel/model/id-kinds.ts';
import type { Call } from '../api/call.ts';
import { encode, pageOf } from '../api/paging.ts';
import { refuseField } from '../problem.ts';
import type { Store } from '../store/store.ts';
import { showEventRow } from './event.ts';
import { eventRows } from './rows.ts';
import { type EventStreams, visibleTo } from './streams.ts';

const EVENT_ID = new RegExp(idPattern('event'));

/** One page of events, the newest first. */
export async function listEvents(
  store: Store,
  { query, caller }: Call<'listEvents'>,
): Promise<ResponseOf<'listEvents'>> {
  const { limit, after } = pageOf(query);
  const { limit: _, cursor: __, ...filters } = query;
  const page = { tenantIds: visibleTo(caller), filters, order: 'desc', after, limit: limit + 1 } as const;
  const rows = await store.read((db) => eventRows(db, page));
  const shown = rows.slice(0, limit);
  return { items: shown.map(showEventRow), nextCursor: rows.length > limit ? encode(shown.at(-1)!.id) : null };
}

/** Events as they happen. The header of a reader that comes back says more than the query that it began with. */
export function streamEvents(streams: EventStreams, call: Call<'streamEvents'>): AsyncGenerator<string> {
  const { caller, stillMay, signal, lastEventId } = call;
  const { after = null, ...filters } = call.query;
  if (lastEventId !== undefined && !EVENT_ID.test(lastEventId)) {
    refuseField('validation-failed', 'header Last-Event-ID', 'is not the identifier of an event', '`id` of an event');
  }
  return streams.follow({ caller, stillMay, filters, after: lastEventId ?? after, signal });
}
