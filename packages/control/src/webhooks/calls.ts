import type { ResponseOf } from '@evenkeel/model/contract/types.ts';
import type { Webhook, WebhookDelivery } from '@evenkeel/model/resources/webhook.ts';
import type { Call } from '../api/call.ts';
import { encode, pageOf, paginate } from '../api/paging.ts';
import { timestamp, withTimes } from '../api/views.ts';
import { deleted, matching, type Unstored } from '../api/written.ts';
import { notFound } from '../resources/rules.ts';
import type { Draft } from '../state/draft.ts';
import type { WebhookRecord } from '../state/records.ts';
import type { State } from '../state/state.ts';
import type { DeliveryRow } from '../store/schema.ts';
import type { Store } from '../store/store.ts';
import type { Deliverer } from './deliverer.ts';
import * as webhooks from './webhooks.ts';

export type WebhookReadName = 'listWebhooks' | 'getWebhook' | 'testWebhook' | 'listWebhookDeliveries';
export type WebhookWriteName = 'createWebhook' | 'updateWebhook' | 'deleteWebhook';

export type WebhookReads = {
  readonly [K in WebhookReadName]: (call: Call<K>) => ResponseOf<K> | Promise<ResponseOf<K>>;
};
export type WebhookWrites = {
  readonly [K in WebhookWriteName]: (draft: Draft, call: Call<K>) => Unstored<ResponseOf<K>>;
};

export function createWebhookReads(store: Store, deliverer: Deliverer): WebhookReads {
  const find = (state: State, id: string) => state.webhooks.get(id) ?? notFound('webhook', id);
  return {
    listWebhooks({ query, state }) {
      const wanted = [...state.webhooks.values()].filter(({ name }) => (query.name ?? name) === name);
      return paginate(wanted, query, ({ id }) => id, showWebhook);
    },
    getWebhook: ({ state, params }) => showWebhook(find(state, params.webhookId)),
    testWebhook({ state, caller, params }) {
      const record = find(state, params.webhookId);
      webhooks.checkReach(caller, record);
      return deliverer.test(record);
    },
    async listWebhookDeliveries({ state, params, query }) {
      const { id } = find(state, params.webhookId);
      const { limit, after } = pageOf(query);
      const rows = await store.read((db) =>
        db
          .selectFrom('webhook_delivery')
          .selectAll()
          .where('webhook_id', '=', id)
          .$if(query.state !== undefined, (select) => select.where('state', '=', query.state!))
          .$if(after !== null, (select) => select.where('id', '<', after!))
          .orderBy('id', 'desc')
          .limit(limit + 1)
          .execute(),
      );
      const shown = rows.slice(0, limit);
      return { items: shown.map(showDelivery), nextCursor: rows.length > limit ? encode(shown.at(-1)!.id) : null };
    },
  };
}

export function createWebhookWrites(): WebhookWrites {
  return {
    createWebhook(draft, { caller, body }) {
      const { record, secret } = webhooks.createWebhook(draft, caller, body);
      return { ...showWebhook(record), secret };
    },
    updateWebhook(draft, { caller, params, body, ifMatch }) {
      const record = matching(ifMatch, webhooks.getWebhook(draft, params.webhookId));
      return showWebhook(webhooks.updateWebhook(draft, caller, record, body));
    },
    deleteWebhook(draft, { caller, params, ifMatch }) {
      const record = matching(ifMatch, webhooks.getWebhook(draft, params.webhookId));
      webhooks.checkReach(caller, record);
      draft.remove('webhook', record);
      return deleted(draft, record);
    },
  };
}

function showWebhook({ secret: _, ...record }: WebhookRecord): Webhook {
  return withTimes(record);
}

function showDelivery(row: DeliveryRow): WebhookDelivery {
  const { id, attempts, state, status, error } = row;
  return {
    id,
    webhookId: row.webhook_id,
    eventId: row.event_id,
    kind: row.kind as WebhookDelivery['kind'],
    state,
    attempts,
    createdAt: timestamp(row.created_at),
    nextAttemptAt: state === 'waiting' ? timestamp(row.next_at) : null,
    settledAt: row.settled_at === null ? null : timestamp(row.settled_at),
    status,
    error,
  };
}
