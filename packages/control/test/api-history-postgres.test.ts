import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parsePostgresUrl } from '../src/store/postgres/settings.ts';
import { EventReader } from './event-reader.ts';
import { FakeAgent } from './fake-agent.ts';
import { HookReceiver } from './hook-receiver.ts';
import { Running } from './running.ts';
import { POSTGRES_KIND, postgresServer } from './stores.ts';

test('the audit log, events, streams and webhooks are kept on PostgreSQL too', {
  skip: POSTGRES_KIND.skip,
}, async (t) => {
  const database = parsePostgresUrl(await (await postgresServer()).createDatabase());
  const running = await Running.start(t, { database, allowLocalWebhooks: true });
  const receiver = await HookReceiver.start(t);
  const { id: webhookId } = await running.call('createWebhook', { body: { url: receiver.url } });
  const reader = await EventReader.open(t, running, { query: { kind: 'operation.applied' } });
  await FakeAgent.connect(running);
  const made = await running.call('createElasticIp', { body: { name: 'a' } });
  const params = { elasticIpId: made.id };
  await running.call('updateElasticIp', { params, body: { name: 'b' } });
  await reader.until(() => reader.events.length >= 3);
  await receiver.until(() => receiver.received.length >= 3);

  const { items } = await running.call('listAudit', { query: { resourceId: made.id } });
  assert.deepEqual(
    items.map(({ change, before, after }) => [change, before?.['name'], after?.['name']]),
    [
      ['updated', 'a', 'b'],
      ['created', undefined, 'a'],
    ],
  );
  const exported = String((await running.try('exportAudit')).body)
    .trim()
    .split('\n');
  assert.equal(exported.length, 3);
  const byResource = await running.call('listOperations', { query: { resourceId: made.id, status: 'applied' } });
  assert.equal(byResource.items.length, 2);
  const severe = await running.call('listEvents', { query: { severity: 'warning' } });
  assert.ok(severe.items.every(({ severity }) => severity !== 'info'));
  await running.restart();
  const after = await EventReader.open(t, running, { headers: { 'last-event-id': reader.messages[0]!.id } });
  await after.until(() => after.events.length >= 2);
  const deliveries = await running.call('listWebhookDeliveries', { params: { webhookId } });
  assert.ok(deliveries.items.length >= 3);
});
