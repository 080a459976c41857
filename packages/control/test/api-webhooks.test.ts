import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import type { Event } from '@evenkeel/model/resources/event.ts';
import { HookReceiver } from './hook-receiver.ts';
import { Running } from './running.ts';

const LOCAL = { allowLocalWebhooks: true };

/** The deliveries of a webhook once the condition holds of them. */
async function deliveriesOf(running: Running, webhookId: string, holds: (states: readonly string[]) => boolean) {
  for (;;) {
    const { items } = await running.call('listWebhookDeliveries', { params: { webhookId } });
    if (holds(items.map(({ state }) => state))) return items;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

test('events are sent with a signature that the receiver can check, and only those that are wanted', async (t) => {
  const running = await Running.start(t, LOCAL);
  const receiver = await HookReceiver.start(t);
  const body = { name: 'ops', url: receiver.url, kinds: ['backup.made'], installation: true };
  const { id, secret } = await running.call('createWebhook', { body });
  assert.match(secret, /^ekwhs_/);
  const backup = await running.call('createBackup', { body: {} });
  await receiver.until(() => receiver.received.length > 0);
  const [{ headers, body: text }] = receiver.received as [(typeof receiver.received)[0]];
  const event = JSON.parse(text) as Event;
  assert.deepEqual([event.kind, event.subject.id], ['backup.made', backup.id]);
  const [, seconds, signature] = /^t=(\d+),v1=([0-9a-f]{64})$/.exec(String(headers['evenkeel-signature']))!;
  assert.equal(signature, createHmac('sha256', secret).update(`${seconds}.${text}`).digest('hex'));
  assert.ok(Math.abs(Date.now() / 1_000 - Number(seconds)) < 120);
  assert.equal(headers['content-type'], 'application/json');
  const [delivery] = await deliveriesOf(running, id, (states) => states[0] === 'delivered');
  assert.deepEqual(
    [delivery!.id, delivery!.eventId, delivery!.attempts, delivery!.status],
    [headers['evenkeel-delivery'], event.id, 1, 204],
  );
  await running.call('updateWebhook', { params: { webhookId: id }, body: { enabled: false } });
  await running.call('createBackup', { body: {} });
  const { items } = await running.call('listEvents', { query: { kind: 'backup.made' } });
  assert.ok(items.length >= 1);
  assert.equal(receiver.received.length, 1);
});

test('what fails waits, also over a restart, and is sent when the receiver is well again', async (t) => {
  const running = await Running.start(t, LOCAL);
  const receiver = await HookReceiver.start(t);
  receiver.status = 500;
  const body = { name: 'ops', url: receiver.url, kinds: ['backup.made'], installation: true };
  const { id } = await running.call('createWebhook', { body });
  await running.call('createBackup', { body: {} });
  const [failed] = await deliveriesOf(running, id, (states) => states.length === 1);
  assert.equal(failed!.state, 'waiting');
  await receiver.until(() => receiver.received.length > 0);
  receiver.status = 200;
  await running.restart();
  await receiver.until(() => receiver.received.length > 1);
  const [done] = await deliveriesOf(running, id, (states) => states[0] === 'delivered');
  assert.equal(done!.id, failed!.id);
  assert.equal(receiver.received[0]!.body, receiver.received[1]!.body);
});

test('a test tells at once what comes of it; a redirect is not followed, and local addresses are refused', async (t) => {
  const running = await Running.start(t, LOCAL);
  const receiver = await HookReceiver.start(t);
  const { id } = await running.call('createWebhook', { body: { name: 'ops', url: receiver.url, enabled: false } });
  const params = { webhookId: id };
  assert.deepEqual((await running.call('testWebhook', { params })).delivered, true);
  assert.equal((JSON.parse(receiver.received[0]!.body) as Event).kind, 'webhook.test');
  receiver.status = 302;
  receiver.headers = { location: receiver.url };
  const redirected = await running.call('testWebhook', { params });
  assert.deepEqual([redirected.delivered, redirected.status], [false, 302]);
  assert.match(redirected.error, /redirects are not followed/);
  assert.equal(receiver.received.length, 2);

  const careful = await Running.start(t);
  const made = await careful.call('createWebhook', { body: { url: receiver.url } });
  const refused = await careful.call('testWebhook', { params: { webhookId: made.id } });
  assert.deepEqual([refused.delivered, refused.status], [false, null]);
  assert.match(refused.error, /127\.0\.0\.1 is an address of this machine/);
  const byName = receiver.url.replace('127.0.0.1', 'localhost');
  await careful.call('updateWebhook', { params: { webhookId: made.id }, body: { url: byName } });
  assert.match((await careful.call('testWebhook', { params: { webhookId: made.id } })).error, /localhost is /);
  assert.equal(receiver.received.length, 2, 'nothing was sent there');
});

test('the secret is shown once, and nowhere else; a URL tells no secret either', async (t) => {
  const running = await Running.start(t);
  const url = 'https://hooks.example/a';
  const { id, secret } = await running.call('createWebhook', {
    body: { url, secret: 'a secret-less-word-of-mine'.replace(/ /g, '-') },
  });
  const params = { webhookId: id };
  const answers = [
    await running.try('getWebhook', { params }),
    await running.try('listWebhooks'),
    await running.try('updateWebhook', { params, body: { secret: `${secret}x` } }),
    await running.try('exportAudit'),
  ];
  for (const { body, status } of answers) {
    assert.equal(status, 200);
    assert.ok(!JSON.stringify(body).includes(secret));
  }
  assert.match(JSON.stringify(answers[3]!.body), /another secret/);
  await running.restart();
  for (const file of readdirSync(join(running.home, 'state'))) {
    assert.ok(!readFileSync(join(running.home, 'state', file), 'latin1').includes(secret), file);
  }
  for (const wrong of [
    'https://ann:pw@hooks.example/',
    'https://hooks.example/#x',
    'ftp://hooks.example/',
    'nonsense',
  ]) {
    const problem = await running.refused('createWebhook', { body: { url: wrong } });
    assert.equal(problem.errors![0]!.field, '/url', wrong);
  }
});

test('a webhook of a tenant gets events of that tenant alone', async (t) => {
  const running = await Running.start(t, LOCAL);
  const receiver = await HookReceiver.start(t);
  const { id: tenantId } = await running.call('createTenant', { body: { name: 'team' } });
  const headers = { 'evenkeel-tenant': 'team' };
  const admin = await running.call('createUser', { body: { name: 'ann', role: 'admin' }, headers });
  const { token } = await running.call('createToken', { body: { userId: admin.id }, headers });
  const wide = await running.refused('createWebhook', { token, body: { url: receiver.url, installation: true } });
  assert.equal(wide.code, 'forbidden');
  await running.call('createWebhook', { token, body: { url: receiver.url } });
  const { FakeAgent } = await import('./fake-agent.ts');
  await FakeAgent.connect(running);
  await running.call('createElasticIp', { body: { name: 'theirs' } });
  const own = await running.call('createElasticIp', { body: { name: 'own' }, token });
  await receiver.until(() => receiver.received.some(({ body }) => body.includes(own.operationId)));
  for (const { body } of receiver.received) assert.equal((JSON.parse(body) as Event).tenantId, tenantId);
  // What goes with a tenant are its webhooks, too.
  await running.call('deleteElasticIp', { params: { elasticIpId: own.id }, headers });
  await running.call('deleteTenant', { params: { tenantId } });
});

test('a webhook for events of the installation is in the hands of those alone who reach all tenants', async (t) => {
  const running = await Running.start(t, LOCAL);
  const receiver = await HookReceiver.start(t);
  const admin = await running.call('createUser', { body: { name: 'ann', role: 'admin' } });
  const { token } = await running.call('createToken', { body: { userId: admin.id } });
  const { id } = await running.call('createWebhook', { body: { url: receiver.url, installation: true } });
  const params = { webhookId: id };
  const refusals = [
    await running.refused('updateWebhook', { token, params, body: { url: 'https://hooks.example/mine' } }),
    await running.refused('updateWebhook', { token, params, body: { secret: 'a-secret-that-ann-knows-0123456789' } }),
    await running.refused('deleteWebhook', { token, params }),
    await running.refused('testWebhook', { token, params }),
  ];
  for (const { code, detail } of refusals)
    assert.deepEqual([code, /reaches all tenants/.test(detail)], ['forbidden', true]);
  assert.equal(
    (await running.call('getWebhook', { token, params })).url,
    receiver.url,
    'it can be read, and is as it was',
  );
  await running.call('updateWebhook', { params, body: { description: 'of the installation' } });
  await running.call('deleteWebhook', { params });
});
