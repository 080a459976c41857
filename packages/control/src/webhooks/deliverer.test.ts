import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { createIdSource } from '@evenkeel/model/identifiers.ts';
import { DEFAULT_QUOTAS, WEBHOOK } from '@evenkeel/model/limits.ts';
import { temporaryHome } from '../../test/home.ts';
import { ADMINISTRATOR } from '../access/identity.ts';
import { type NewEvent, toEventRow } from '../events/event.ts';
import { network } from '../resources/addresses.ts';
import { Vault } from '../secrets/vault.ts';
import { Store } from '../store/store.ts';
import { Deliverer, pauseAfter } from './deliverer.ts';
import { enqueue } from './outbox.ts';
import { createWebhook } from './webhooks.ts';

async function scene(t: TestContext) {
  const clock = { now: 1_700_000_000_000 };
  const home = temporaryHome(t);
  const store = await Store.open({
    file: join(home, 'evenkeel.db'),
    quotas: DEFAULT_QUOTAS,
    pools: { vip: network('127.77.0.0/24'), elasticIp: network('127.88.0.0/24') },
    vault: new Vault(join(home, 'key')),
    now: () => clock.now,
    random: Math.random,
    secret: randomBytes,
  });
  t.after(() => store.close());
  let failed: unknown[] | null = null;
  const answer = { error: 'it answered 500', status: 500 };
  const sent: string[] = [];
  const events: NewEvent[] = [];
  const deliverer = new Deliverer({
    store,
    now: () => clock.now,
    random: () => 0.5,
    post: async (_, body) => {
      sent.push((JSON.parse(body) as { message: string }).message);
      return { ...answer, milliseconds: 1 };
    },
    emit: (event) => events.push(event),
    version: 'test',
    failed: (error) => (failed === null ? assert.fail(String(error)) : failed.push(error)),
  });
  t.after(() => deliverer.end());
  const { value } = await store.write({
    action: 'createWebhook',
    actor: 'admin',
    requestId: '',
    run: (draft) => createWebhook(draft, ADMINISTRATOR, { url: 'https://hooks.example/' }).record,
  });
  const ids = createIdSource(() => clock.now, Math.random);
  const happen = (...messages: string[]) =>
    store.record((trx) => {
      const rows = messages.map((message) => {
        const subject = { kind: 'node', id: 'n', name: '' };
        const event = { kind: 'node.up', tenantId: value.tenantId, subject, message } as const;
        return { ...toEventRow(event, ids.next('event'), clock.now), place: 1 };
      });
      return enqueue(trx, rows, store.state.webhooks.values(), ids);
    });
  const look = async () => {
    await deliverer.look();
    await deliverer.idle();
  };
  const statesOf = async () => {
    const rows = await store.read((db) => db.selectFrom('webhook_delivery').selectAll().orderBy('id').execute());
    return rows.map(({ state }) => state);
  };
  await deliverer.begin();
  /** From now on nothing can be written; returns what went wrong. */
  const fillDisk = () => {
    failed = [];
    t.mock.method(store, 'record', () => Promise.reject(new Error('the disk is full')));
    return failed;
  };
  return { clock, store, deliverer, answer, sent, events, happen, look, statesOf, fillDisk, webhookId: value.id };
}

test('pauses double from attempt to attempt up to an hour, a fifth more or less', () => {
  assert.deepEqual(
    [1, 2, 3, 4].map((n) => pauseAfter(n, 0.5)),
    [5_000, 10_000, 20_000, 40_000],
  );
  assert.deepEqual([pauseAfter(1, 0), pauseAfter(1, 1), pauseAfter(50, 0.5)], [4_000, 6_000, 3_600_000]);
});

test('while one fails no other is sent there; then all are, in their order', async (t) => {
  const { clock, answer, sent, happen, look, statesOf } = await scene(t);
  await happen('a', 'b', 'c');
  await look();
  await look();
  assert.deepEqual(sent, ['a']);
  clock.now += 5_000;
  await look();
  assert.deepEqual(sent, ['a', 'a']);
  answer.error = '';
  clock.now += 10_000;
  await look();
  assert.deepEqual(sent, ['a', 'a', 'a', 'b', 'c']);
  assert.deepEqual(await statesOf(), ['delivered', 'delivered', 'delivered']);
});

test('the oldest are given up where too many wait, and few are kept that are settled', async (t) => {
  const { answer, happen, look, statesOf, sent } = await scene(t);
  await happen(...Array.from({ length: WEBHOOK.waiting + 5 }, (_, i) => String(i)));
  const states = await statesOf();
  assert.deepEqual(states.slice(0, 6), [...Array(5).fill('given-up'), 'waiting']);
  answer.error = '';
  while (sent.length < WEBHOOK.waiting) await look();
  assert.equal(sent[0], '5');
  assert.equal((await statesOf()).length, WEBHOOK.settled);
});

test('what fails for a day is given up, the webhook is disabled, and that is told; a restart changes nothing of it', async (t) => {
  const { clock, store, events, happen, look, statesOf, webhookId } = await scene(t);
  await happen('a');
  for (let hours = 0; hours < 26; hours++) {
    await look();
    clock.now += 3_700_000;
  }
  assert.deepEqual(await statesOf(), ['given-up']);
  await happen('b');
  await look();
  const webhook = store.state.webhooks.get(webhookId)!;
  assert.equal(webhook.enabled, false);
  assert.match(webhook.disabledReason, /more than 24 hours: it answered 500/);
  assert.deepEqual(
    events.map(({ kind }) => kind),
    ['webhook.disabled'],
  );
  const before = await statesOf();
  await happen('c');
  assert.deepEqual(await statesOf(), before, 'nothing waits for one that is disabled');
});

test('who leads no longer while it begins sends nothing', async (t) => {
  const { store, deliverer, sent, happen, look } = await scene(t);
  await happen('a');
  const beginning = deliverer.begin();
  deliverer.end();
  await beginning;
  await look();
  assert.deepEqual(sent, []);
  assert.ok(store.state.webhooks.size > 0);
});

test('while what came of it cannot be written, hardly anything is sent', async (t) => {
  const { clock, answer, sent, happen, look, fillDisk } = await scene(t);
  answer.error = '';
  await happen('a', 'b');
  const failed = fillDisk();
  for (let second = 0; second < 59; second++) {
    await look();
    clock.now += 1_000;
  }
  assert.deepEqual([sent, failed.length], [['a'], 1]);
  clock.now += 1_000;
  await look();
  assert.deepEqual(sent, ['a', 'a']);
});

test('however many are given up because too many wait, few of them are kept', async (t) => {
  const { happen, statesOf } = await scene(t);
  const many = WEBHOOK.waiting + 2 * WEBHOOK.settled;
  await happen(...Array.from({ length: many }, (_, i) => String(i)));
  const states = await statesOf();
  assert.equal(states.filter((state) => state === 'waiting').length, WEBHOOK.waiting);
  assert.equal(states.filter((state) => state === 'given-up').length, WEBHOOK.settled);
});

test('nothing is kept of a webhook that is gone, also of what is settled', async (t) => {
  const { store, answer, happen, look, statesOf, webhookId } = await scene(t);
  answer.error = '';
  await happen('a', 'b');
  await look();
  assert.deepEqual(await statesOf(), ['delivered', 'delivered']);
  await store.write({
    action: 'deleteWebhook',
    actor: 'admin',
    requestId: '',
    run: (draft) => draft.remove('webhook', draft.webhooks.get(webhookId)!),
  });
  await look();
  assert.deepEqual(await statesOf(), []);
});
