import { items } from '@evenkeel/client/items.ts';
import { PAGE } from '@evenkeel/model/limits.ts';
import type { Webhook, WebhookCreate, WebhookDelivery, WebhookPatch } from '@evenkeel/model/resources/webhook.ts';
import type { Call } from '../commands/call.ts';
import { bodyOf } from '../commands/fields.ts';
import { webhookFields, webhookPatchFields } from '../commands/webhook.ts';
import { EXIT } from '../exit-codes.ts';
import { CliFailure } from '../failure.ts';
import { details } from '../output/details.ts';
import type { Column } from '../output/table.ts';
import { oneLine } from '../output/text.ts';
import { webhooks } from './kinds.ts';
import { resolve } from './reference.ts';
import { removeAll } from './remove.ts';
import { print, printList, printOne, type Session, withSession } from './session.ts';
import { patchOf, precondition } from './write.ts';

const COLUMNS: readonly Column<Webhook>[] = [
  { head: 'NAME', of: ({ name }) => name },
  { head: 'ID', of: ({ id }) => id },
  { head: 'URL', of: ({ url }) => url },
  { head: 'KINDS', of: ({ kinds }) => (kinds.length === 0 ? 'all' : kinds) },
  { head: 'SEVERITY', of: ({ severity }) => severity },
  { head: 'ENABLED', of: ({ enabled }) => (enabled ? 'yes' : 'no') },
  { head: 'REASON', of: ({ disabledReason }) => disabledReason },
];

const DELIVERIES: readonly Column<WebhookDelivery>[] = [
  { head: 'ID', of: ({ id }) => id },
  { head: 'KIND', of: ({ kind }) => kind },
  { head: 'STATE', of: ({ state }) => state },
  { head: 'ATTEMPTS', of: ({ attempts }) => attempts },
  { head: 'CREATED', of: ({ createdAt }) => createdAt },
  { head: 'NEXT', of: ({ nextAttemptAt }) => nextAttemptAt },
  { head: 'STATUS', of: ({ status }) => status },
  { head: 'ERROR', of: ({ error }) => error },
];

const find = (session: Session, { args }: Call) => resolve(session, webhooks, args[0] as string);

export function list(call: Call) {
  return withSession(call, async (session) => {
    const all = await Array.fromAsync(items(session.client.listWebhooks, { query: { limit: PAGE.maximum } }));
    printList(session, all, COLUMNS, ({ id }) => id);
  });
}

export function show(call: Call) {
  return withSession(call, async (session) => {
    const webhook = await find(session, call);
    printOne(session, webhook, () => details(webhook, session.paint));
  });
}

/** Prints the secret by itself for a script that asked for nothing else. */
export function create(call: Call) {
  return withSession(call, async (session) => {
    const body = { url: call.args[0], ...bodyOf(webhookFields, call.options) } as WebhookCreate;
    const made = await session.client.createWebhook({ body });
    const text = () =>
      `Webhook ${made.name} (${made.id}) created. Deliveries are signed with this secret, which nobody can show again:\n${made.secret}\n`;
    print(session, { json: made, ids: [made.secret], text });
  });
}

export function update(call: Call) {
  return withSession(call, async (session) => {
    const body = patchOf<WebhookPatch>(webhookPatchFields, call.options);
    const { id } = await find(session, call);
    const made = await session.client.updateWebhook({ params: { webhookId: id }, body, ...precondition(call.options) });
    printOne(session, made, () => `Webhook ${made.name} changed.\n`);
  });
}

export function remove(call: Call) {
  return withSession(call, (session) =>
    removeAll(session, call, {
      noun: 'webhook',
      find: (text) => resolve(session, webhooks, text),
      describe: async ({ name, id, url }) => `${name} (${id}) to ${oneLine(url)}`,
      remove: ({ id }) => session.client.deleteWebhook({ params: { webhookId: id }, ...precondition(call.options) }),
    }),
  );
}

export function test(call: Call) {
  return withSession(call, async (session) => {
    const { id, name } = await find(session, call);
    const tried = await session.client.testWebhook({ params: { webhookId: id } });
    const said = `status ${tried.status ?? 'none'}, ${tried.milliseconds} ms`;
    print(session, { json: tried, ids: [id], text: () => (tried.delivered ? `Delivered to ${name}: ${said}.\n` : '') });
    if (!tried.delivered)
      throw new CliFailure(EXIT.failed, `not delivered to ${name} (${said}): ${oneLine(tried.error)}.`);
  });
}

export function deliveries(call: Call) {
  return withSession(call, async (session) => {
    const { id } = await find(session, call);
    const query = { limit: PAGE.maximum };
    const page = await session.client.listWebhookDeliveries({ params: { webhookId: id }, query });
    printList(session, page.items, DELIVERIES, ({ id: delivery }) => delivery);
  });
}
