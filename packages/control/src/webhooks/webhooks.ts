import type { WebhookCreate, WebhookPatch } from '@evenkeel/model/resources/webhook.ts';
import { forbid } from '../access/authorization.ts';
import type { Identity } from '../access/identity.ts';
import { newToken } from '../access/secrets.ts';
import { refuseField } from '../problem.ts';
import { checkName, checkQuota, notFound } from '../resources/rules.ts';
import { Secret } from '../secrets/secret.ts';
import type { Draft } from '../state/draft.ts';
import type { WebhookRecord } from '../state/records.ts';

export function getWebhook({ webhooks }: Pick<Draft, 'webhooks'>, id: string): WebhookRecord {
  return webhooks.get(id) ?? notFound('webhook', id);
}

/**
 * Refuses with `forbidden` whoever may not have events of the installation: not even where somebody else has made the
 * webhook, whose address or secret they could make their own.
 */
export function checkReach(by: Pick<Identity, 'reach'>, { installation }: Pick<WebhookRecord, 'installation'>): void {
  if (installation && by.reach !== 'all') forbid('events of the installation take a role that reaches all tenants');
}

/** Makes a webhook, and the secret of its deliveries where none is given. */
export function createWebhook(
  draft: Draft,
  by: Identity,
  input: WebhookCreate,
): { record: WebhookRecord; secret: string } {
  checkQuota(draft, 'webhooks', draft.webhooks.size + 1);
  const { installation = false } = input;
  checkReach(by, { installation });
  const id = draft.newId('webhook');
  const name = input.name ?? id;
  checkName(draft.webhooks.values(), name, '');
  checkUrl(input.url);
  const secret = input.secret ?? newToken('ekwhs', draft.context.secret);
  const record = draft.create('webhook', {
    id,
    tenantId: draft.tenantId,
    name,
    url: input.url,
    kinds: input.kinds ?? [],
    severity: input.severity ?? 'info',
    enabled: input.enabled ?? true,
    installation,
    description: input.description ?? '',
    disabledReason: '',
    secret: new Secret(secret),
  });
  return { record, secret };
}

/** One that was disabled by the control plane and is enabled again has no reason any more to be so. */
export function updateWebhook(
  draft: Draft,
  by: Identity,
  webhook: WebhookRecord,
  { secret, ...patch }: WebhookPatch,
): WebhookRecord {
  checkReach(by, webhook);
  if (patch.name !== undefined) checkName(draft.webhooks.values(), patch.name, '', webhook.id);
  if (patch.url !== undefined) checkUrl(patch.url);
  return draft.update('webhook', webhook, {
    ...patch,
    ...(patch.enabled === true && { disabledReason: '' }),
    ...(secret !== undefined && { secret: new Secret(secret) }),
  });
}

/** What can be said of an address without looking it up; what it means is checked at each delivery. */
function checkUrl(text: string): void {
  const url = URL.canParse(text) ? new URL(text) : null;
  const allowed = 'such as https://hooks.example.com/evenkeel';
  if (url === null || url.hostname === '') refuseField('validation-failed', '/url', 'is not an address', allowed);
  if (url.username !== '' || url.password !== '') {
    refuseField('validation-failed', '/url', 'has a user or a password in it, which everybody could read', allowed);
  }
  if (url.hash !== '') refuseField('validation-failed', '/url', 'has a fragment, which is never sent', allowed);
}
