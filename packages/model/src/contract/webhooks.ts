import { Id } from '../identifiers.ts';
import { WEBHOOK } from '../limits.ts';
import { Deleted } from '../resources/operation.ts';
import {
  DELIVERY_STATES,
  Webhook,
  WebhookCreate,
  WebhookCreated,
  WebhookDelivery,
  WebhookPatch,
  WebhookTried,
  WebhookWritten,
} from '../resources/webhook.ts';
import { Ref, Words } from '../schema.ts';
import { Type } from '../type.ts';
import { ListQuery, NameFilter, Page, type Route } from './route.ts';

const tags = ['webhooks'] as const;
const params = Type.Object({ webhookId: Id('webhook', 'Identifier of the webhook.') });
const path = '/v1/webhooks/{webhookId}';

export const webhookRoutes = {
  listWebhooks: {
    method: 'GET',
    path: '/v1/webhooks',
    summary: 'List webhooks',
    tags,
    query: ListQuery({ name: NameFilter }),
    status: 200,
    response: Page(Webhook),
  },
  createWebhook: {
    method: 'POST',
    path: '/v1/webhooks',
    summary: 'Create a webhook',
    description: 'The answer has the secret that deliveries are signed with, which nobody can show again.',
    tags,
    body: Ref(WebhookCreate),
    status: 201,
    response: Ref(WebhookCreated),
    role: 'admin',
  },
  getWebhook: {
    method: 'GET',
    path,
    summary: 'Show a webhook',
    tags,
    params,
    status: 200,
    response: Ref(Webhook),
  },
  updateWebhook: {
    method: 'PATCH',
    path,
    summary: 'Change a webhook',
    tags,
    params,
    body: Ref(WebhookPatch),
    status: 200,
    response: Ref(WebhookWritten),
    ifMatch: true,
    role: 'admin',
  },
  deleteWebhook: {
    method: 'DELETE',
    path,
    summary: 'Delete a webhook, with what waits for it',
    tags,
    params,
    status: 200,
    response: Ref(Deleted),
    ifMatch: true,
    role: 'admin',
  },
  testWebhook: {
    method: 'POST',
    path: '/v1/webhooks/{webhookId}/test',
    summary: 'Send an event of kind webhook.test to a webhook now',
    description: 'Tried once, also when the webhook is disabled; the answer tells what came of it.',
    tags,
    params,
    status: 200,
    response: Ref(WebhookTried),
    role: 'admin',
  },
  listWebhookDeliveries: {
    method: 'GET',
    path: '/v1/webhooks/{webhookId}/deliveries',
    summary: 'List deliveries of a webhook, the newest first',
    description: `Those that wait, and the last ${WEBHOOK.settled} that were delivered or given up.`,
    tags,
    params,
    query: ListQuery({ state: Type.Optional(Words(DELIVERY_STATES, 'Only deliveries in this state.')) }),
    status: 200,
    response: Page(WebhookDelivery),
  },
} as const satisfies Record<string, Route>;
