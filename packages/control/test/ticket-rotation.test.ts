import assert from 'node:assert/strict';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { test } from 'node:test';
import type { PlannedTicketKeys } from '@evenkeel/model/plan/tls.ts';
import { FakeAgent } from './fake-agent.ts';
import { Running } from './running.ts';
import { SITE, upload } from './tls.ts';

const KEY = 'ticket-keys/current';

async function ticketKeys(running: Running): Promise<readonly string[] | null> {
  const agent = await FakeAgent.connect(running);
  await agent.until(() => agent.plan.entries.size > 0);
  const entry = agent.plan.entries.get(KEY);
  await agent.leave();
  return entry === undefined ? null : (entry.value as PlannedTicketKeys).keys;
}

test('ticket keys come with the first listener that uses them, last, and change when they are a day old', async (t) => {
  const running = await Running.start(t);
  const certificate = await running.call('createCertificate', { body: upload(SITE) });
  const { id: loadBalancerId } = await running.call('createLoadBalancer', {
    body: { name: 'a', listeners: [{ protocol: 'http', port: 80 }] },
  });
  assert.equal(await ticketKeys(running), null);
  const listener = await running.call('createListener', {
    body: { loadBalancerId, protocol: 'tls', port: 1, defaultCertificateIds: [certificate.id] },
  });
  const first = await ticketKeys(running);
  assert.equal(first?.length, 2);
  await running.restart();
  assert.deepEqual(await ticketKeys(running), first);

  await running.restart(() => {
    const database = new DatabaseSync(join(running.home, 'state', 'evenkeel.db'));
    database.exec('update ticket_keys set rotated_at = rotated_at - 86400000');
    database.close();
  });
  const rotated = await running.call('listOperations', { query: { limit: 1 } });
  assert.deepEqual([rotated.items[0]!.action, rotated.items[0]!.resources], ['rotateTicketKeys', []]);
  const second = await ticketKeys(running);
  assert.deepEqual([second?.length, second?.[0], second?.[2]], [3, first![1], first![0]]);

  await running.call('updateListener', { params: { listenerId: listener.id }, body: { sessionTickets: false } });
  assert.equal(await ticketKeys(running), null);
});
