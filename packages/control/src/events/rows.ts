import { EVENT_SEVERITIES, type EventSeverity } from '@evenkeel/model/history-words.ts';
import { idAt } from '@evenkeel/model/identifiers.ts';
import type { EVENT_LOG } from '@evenkeel/model/limits.ts';
import type { Kysely, Transaction } from 'kysely';
import type { Database, EventRow } from '../store/schema.ts';

/** Rows of one insert statement. */
const ROWS = 500;
/** Milliseconds. */
const DAY = 86_400_000;

/** Writes rows that are in the order of their identifiers; each gets its place among those of its tenant and severity. */
export async function appendEvents(
  trx: Transaction<Database>,
  rows: readonly Omit<EventRow, 'place'>[],
): Promise<EventRow[]> {
  const places = new Map<string, number>();
  const placed: EventRow[] = [];
  for (const row of rows) {
    const key = `${row.tenant_id} ${row.severity}`;
    const place = (places.get(key) ?? (await lastPlace(trx, row.tenant_id, row.severity))) + 1;
    places.set(key, place);
    placed.push({ ...row, place });
  }
  for (let i = 0; i < placed.length; i += ROWS) {
    await trx
      .insertInto('event')
      .values(placed.slice(i, i + ROWS))
      .execute();
  }
  return placed;
}

async function lastPlace(trx: Transaction<Database>, tenantId: string, severity: string): Promise<number> {
  const last = await trx
    .selectFrom('event')
    .select('place')
    .where('tenant_id', '=', tenantId)
    .where('severity', '=', severity)
    .orderBy('place', 'desc')
    .limit(1)
    .executeTakeFirst();
  return Number(last?.place ?? 0);
}

/** Deletes what is too old, and of each tenant and severity the oldest beyond what is kept. `now` in Unix milliseconds. */
export async function trimEvents(
  trx: Transaction<Database>,
  now: number,
  { days, entries }: Pick<typeof EVENT_LOG, 'days' | 'entries'>,
): Promise<void> {
  await trx
    .deleteFrom('event')
    .where('id', '<', idAt('event', now - days * DAY))
    .execute();
  const newest = await trx
    .selectFrom('event')
    .select(({ fn }) => ['tenant_id', 'severity', fn.max('place').as('place')])
    .groupBy(['tenant_id', 'severity'])
    .execute();
  for (const { tenant_id, severity, place } of newest) {
    await trx
      .deleteFrom('event')
      .where('tenant_id', '=', tenant_id)
      .where('severity', '=', severity)
      .where('place', '<=', Number(place) - entries)
      .execute();
  }
}

export interface EventFilters {
  readonly subjectId?: string;
  readonly loadBalancerId?: string;
  readonly kind?: string;
  /** At least. */
  readonly severity?: EventSeverity;
  /** RFC 3339. */
  readonly from?: string;
  readonly to?: string;
}

export interface EventPage {
  /** Those of these tenants; see event.ts for what is of none. */
  readonly tenantIds: readonly string[];
  readonly filters: EventFilters;
  readonly order: 'asc' | 'desc';
  /** Only what comes after this event, in that order. */
  readonly after: string | null;
  readonly limit: number;
}

export function eventRows(
  db: Kysely<Database>,
  { tenantIds, filters, order, after, limit }: EventPage,
): Promise<EventRow[]> {
  const { subjectId, loadBalancerId, kind, severity, from, to } = filters;
  return db
    .selectFrom('event')
    .selectAll()
    .where('tenant_id', 'in', tenantIds)
    .$if(subjectId !== undefined, (query) => query.where('subject_id', '=', subjectId!))
    .$if(loadBalancerId !== undefined, (query) => query.where('load_balancer_id', '=', loadBalancerId!))
    .$if(kind !== undefined, (query) => query.where('kind', '=', kind!))
    .$if(severity !== undefined && severity !== 'info', (query) =>
      query.where('severity', 'in', EVENT_SEVERITIES.slice(EVENT_SEVERITIES.indexOf(severity!))),
    )
    .$if(from !== undefined, (query) => query.where('id', '>=', idAt('event', Date.parse(from!))))
    .$if(to !== undefined, (query) => query.where('id', '<', idAt('event', Date.parse(to!))))
    .$if(after !== null, (query) => query.where('id', order === 'asc' ? '>' : '<', after!))
    .orderBy('id', order)
    .limit(limit)
    .execute();
}
