import { EVENT_SEVERITIES, type EventKind, type EventSeverity } from '@evenkeel/model/history-words.ts';
import type { IdSource } from '@evenkeel/model/identifiers.ts';
import { WEBHOOK } from '@evenkeel/model/limits.ts';
import type { Kysely, Transaction } from 'kysely';
import { INSTALLATION, showEventRow } from '../events/event.ts';
import type { WebhookRecord } from '../state/records.ts';
import type { Database, DeliveryRow, EventRow } from '../store/schema.ts';

/** Rows of one insert statement. */
const ROWS = 500;

/** Puts events into the outboxes of the webhooks that want them, in the transaction that writes the events. */
export async function enqueue(
  trx: Transaction<Database>,
  rows: readonly EventRow[],
  webhooks: Iterable<WebhookRecord>,
  ids: IdSource,
): Promise<void> {
  const deliveries: DeliveryRow[] = [];
  const touched = new Set<string>();
  for (const webhook of webhooks) {
    for (const row of rows) {
      if (!wants(webhook, row)) continue;
      deliveries.push(deliveryOf(webhook, row, ids.next('delivery')));
      touched.add(webhook.id);
    }
  }
  for (let i = 0; i < deliveries.length; i += ROWS) {
    await trx
      .insertInto('webhook_delivery')
      .values(deliveries.slice(i, i + ROWS))
      .execute();
  }
  for (const webhookId of touched) await giveUpBeyond(trx, webhookId);
}

function wants({ enabled, tenantId, installation, kinds, severity }: WebhookRecord, row: EventRow): boolean {
  if (!enabled || (row.tenant_id === INSTALLATION ? !installation : row.tenant_id !== tenantId)) return false;
  const order = (word: string) => EVENT_SEVERITIES.indexOf(word as EventSeverity);
  return (kinds.length === 0 || kinds.includes(row.kind as EventKind)) && order(row.severity) >= order(severity);
}

function deliveryOf(webhook: WebhookRecord, row: EventRow, id: string): DeliveryRow {
  return {
    id,
    webhook_id: webhook.id,
    tenant_id: webhook.tenantId,
    event_id: row.id,
    kind: row.kind,
    state: 'waiting',
    attempts: 0,
    created_at: row.at,
    next_at: row.at,
    settled_at: null,
    status: null,
    error: '',
    body: JSON.stringify(showEventRow(row)),
  };
}

/** The oldest that wait are given up where too many do: what is new matters more. */
async function giveUpBeyond(trx: Transaction<Database>, webhookId: string): Promise<void> {
  const { waiting } = await trx
    .selectFrom('webhook_delivery')
    .select(({ fn }) => fn.countAll().as('waiting'))
    .where('webhook_id', '=', webhookId)
    .where('state', '=', 'waiting')
    .executeTakeFirstOrThrow();
  const tooMany = Number(waiting) - WEBHOOK.waiting;
  if (tooMany <= 0) return;
  await trx
    .updateTable('webhook_delivery')
    .set(({ ref }) => ({
      state: 'given-up',
      settled_at: ref('next_at'),
      error: `more than ${WEBHOOK.waiting} were waiting`,
      body: '',
    }))
    .where('id', 'in', (query) =>
      query
        .selectFrom('webhook_delivery')
        .select('id')
        .where('webhook_id', '=', webhookId)
        .where('state', '=', 'waiting')
        .orderBy('id')
        .limit(tooMany),
    )
    .execute();
  await trimSettled(trx, webhookId);
}

/** Only the last are kept of those that are settled. */
async function trimSettled(trx: Transaction<Database>, webhookId: string): Promise<void> {
  await trx
    .deleteFrom('webhook_delivery')
    .where('webhook_id', '=', webhookId)
    .where('state', '!=', 'waiting')
    .where('id', '<', (query) =>
      query
        .selectFrom('webhook_delivery')
        .select('id')
        .where('webhook_id', '=', webhookId)
        .where('state', '!=', 'waiting')
        .orderBy('id', 'desc')
        .offset(WEBHOOK.settled - 1)
        .limit(1),
    )
    .execute();
}

/** Webhooks with something that is due, those that have waited longest first. */
export async function dueWebhooks(db: Kysely<Database>, now: number): Promise<string[]> {
  const rows = await db
    .selectFrom('webhook_delivery')
    .select(({ fn }) => ['webhook_id', fn.min('next_at').as('due')])
    .where('state', '=', 'waiting')
    .where('next_at', '<=', now)
    .groupBy('webhook_id')
    .orderBy('due')
    .execute();
  return rows.map(({ webhook_id }) => webhook_id);
}

/** The delivery of a webhook that is due first. */
export function nextDue(db: Kysely<Database>, webhookId: string, now: number): Promise<DeliveryRow | undefined> {
  return db
    .selectFrom('webhook_delivery')
    .selectAll()
    .where('webhook_id', '=', webhookId)
    .where('state', '=', 'waiting')
    .where('next_at', '<=', now)
    .orderBy('id')
    .limit(1)
    .executeTakeFirst();
}

export type Settled = Pick<DeliveryRow, 'state' | 'attempts' | 'next_at' | 'settled_at' | 'status' | 'error'>;

/** Writes what came of an attempt. What is settled keeps no body, and only the last of them are kept. */
export async function writeAttempt(
  trx: Transaction<Database>,
  { id, webhook_id }: DeliveryRow,
  settled: Settled,
): Promise<void> {
  const done = settled.state !== 'waiting';
  await trx
    .updateTable('webhook_delivery')
    .set({ ...settled, ...(done && { body: '' }) })
    .where('id', '=', id)
    .execute();
  if (done) await trimSettled(trx, webhook_id);
}

/** Since when a webhook has failed, in Unix milliseconds, and how often in a row; null: it does not. */
export interface Failing {
  readonly since: number;
  readonly attempts: number;
}

export async function writeFailing(
  trx: Transaction<Database>,
  webhookId: string,
  failing: Failing | null,
): Promise<void> {
  if (failing === null) {
    await trx.deleteFrom('webhook_failing').where('webhook_id', '=', webhookId).execute();
    return;
  }
  const row = { since: failing.since, attempts: failing.attempts };
  await trx
    .insertInto('webhook_failing')
    .values({ webhook_id: webhookId, ...row })
    .onConflict((conflict) => conflict.column('webhook_id').doUpdateSet(row))
    .execute();
}

/** Webhooks of which something is kept, whether they are there or not. */
export async function rememberedWebhooks(db: Kysely<Database>): Promise<string[]> {
  const deliveries = await db.selectFrom('webhook_delivery').select('webhook_id').distinct().execute();
  const failing = await db.selectFrom('webhook_failing').select('webhook_id').execute();
  return [...new Set([...deliveries, ...failing].map(({ webhook_id }) => webhook_id))];
}

/** Removes what is left of webhooks that are gone. */
export async function forget(trx: Transaction<Database>, webhookIds: readonly string[]): Promise<void> {
  if (webhookIds.length === 0) return;
  await trx.deleteFrom('webhook_delivery').where('webhook_id', 'in', webhookIds).execute();
  await trx.deleteFrom('webhook_failing').where('webhook_id', 'in', webhookIds).execute();
}
