import { EVENT_KINDS, EVENT_SEVERITIES, type EventKind } from '../history-words.ts';
import { Id } from '../identifiers.ts';
import { WEBHOOK } from '../limits.ts';
import { Input, Nullable, Output, optional, Patch, Timestamp, Words } from '../schema.ts';
import { type Static, Type } from '../type.ts';
import { Description, Name, resource, TenantId, Written } from './attributes.ts';

const settings = {
  url: Type.String({
    minLength: 1,
    maxLength: WEBHOOK.urlLength,
    pattern: '^https?://[!-~]+$',
    description: 'Where events are sent: `https` or `http`, without a user, a password or a fragment.',
  }),
  kinds: Type.Array(Words(EVENT_KINDS as readonly [EventKind, ...EventKind[]], 'A kind of event.'), {
    maxItems: EVENT_KINDS.length,
    uniqueItems: true,
    default: [],
    description: 'Which kinds of events are sent; empty: all.',
  }),
  severity: Words(EVENT_SEVERITIES, 'The least severity that is sent.'),
  enabled: Type.Boolean({
    default: true,
    description: 'Whether events are sent. Those that come meanwhile are not sent later.',
  }),
  description: Description,
};

const Secret = Type.String({
  minLength: WEBHOOK.secret.minimum,
  maxLength: WEBHOOK.secret.maximum,
  pattern: '^[!-~]+$',
  description: 'What deliveries are signed with. It is shown once, when it is made.',
});

const properties = resource(Id('webhook', 'Identifier of the webhook.'), {
  tenantId: TenantId,
  ...settings,
  installation: Type.Boolean({
    description: 'Whether events of the installation are sent as well. Takes a role that reaches all tenants; fixed.',
  }),
  disabledReason: Type.String({ description: 'Why the control plane has disabled it; empty: it has not.' }),
});

export const Webhook = Output('Webhook', properties, 'Where events of a tenant are sent as they happen.');
export type Webhook = Static<typeof Webhook>;

export const WebhookWritten = Written('WebhookWritten', properties);

export const WebhookCreated = Written('WebhookCreated', {
  ...properties,
  secret: Type.String({ description: 'What deliveries are signed with, which nobody can show again.' }),
});

export const WebhookCreate = Input('WebhookCreate', {
  name: Type.Optional(Name),
  url: settings.url,
  ...optional({
    kinds: settings.kinds,
    severity: settings.severity,
    enabled: settings.enabled,
    description: Description,
  }),
  installation: Type.Optional(properties.installation),
  secret: Type.Optional(Secret),
});
export type WebhookCreate = Static<typeof WebhookCreate>;

export const WebhookPatch = Patch('WebhookPatch', { name: Name, ...settings, secret: Secret });
export type WebhookPatch = Static<typeof WebhookPatch>;

export const DELIVERY_STATES = ['waiting', 'delivered', 'given-up'] as const;

export const WebhookDelivery = Output(
  'WebhookDelivery',
  {
    id: Id('delivery', 'Identifier of the delivery; the receiver has it in `Evenkeel-Delivery`.'),
    webhookId: Id('webhook', 'The webhook.'),
    eventId: Type.String({ description: 'The event.' }),
    kind: Words(EVENT_KINDS as readonly [EventKind, ...EventKind[]], 'What happened.'),
    state: Words(DELIVERY_STATES, '`given-up`: it failed for too long, or there were too many.'),
    attempts: Type.Integer({ description: 'How often it was tried.' }),
    createdAt: Timestamp('When the event was written'),
    nextAttemptAt: Nullable(Timestamp('When it is tried next; null: it is settled')),
    settledAt: Nullable(Timestamp('When it was delivered or given up')),
    status: Nullable(Type.Integer({ description: 'The last status that the receiver answered with; null: none.' })),
    error: Type.String({ description: 'Why the last attempt failed; empty: it did not.' }),
  },
  'An event on its way to a webhook.',
);
export type WebhookDelivery = Static<typeof WebhookDelivery>;

export const WebhookTried = Output('WebhookTried', {
  delivered: Type.Boolean({ description: 'Whether the receiver answered with a status from 200 to 299.' }),
  status: Nullable(Type.Integer({ description: 'The status; null: there was no answer.' })),
  error: Type.String({ description: 'Why it failed; empty: it did not.' }),
  milliseconds: Type.Integer({ description: 'How long it took.' }),
});
export type WebhookTried = Static<typeof WebhookTried>;
