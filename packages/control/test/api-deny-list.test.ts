import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readEntries } from '@evenkeel/model/block-list/entries.ts';
import { networkText } from '@evenkeel/model/block-list/network-key.ts';
import { GONE } from '@evenkeel/model/block-list/prefix-table.ts';
import { NO_POSITION } from '@evenkeel/model/plan/block-list.ts';
import type { DenyEntryInput } from '@evenkeel/model/resources/deny-list.ts';
import { FakeAgent } from './fake-agent.ts';
import { Running } from './running.ts';

/** What an agent has been told, in its order. */
function told({ messages }: FakeAgent): string[] {
  return messages.flatMap((message) => {
    if (message.type !== 'block-list') return [];
    const words: string[] = [];
    readEntries(Buffer.from(message.entries, 'base64'), (key, length, until) => {
      const source = networkText({ family: key.length === 1 ? 4 : 6, key, length });
      words.push(`${message.tenantId} ${until === GONE ? '-' : '+'}${source}`);
    });
    return words;
  });
}

test('sources are denied and allowed for all tenants, found, listed in pages, and outlive a restart', async (t) => {
  const running = await Running.start(t);
  const entries: DenyEntryInput[] = [
    { source: '198.51.100.0/24', note: 'scans' },
    { source: '198.51.100.7', action: 'allow', note: 'our monitoring' },
    { source: '2001:DB8:bad::/48', seconds: 60 },
  ];
  const put = await running.call('denySources', { body: { entries } });
  assert.deepEqual(put, { changed: 3, addresses: 1, networks: 2 });
  await running.restart();
  const { version, ...counts } = await running.call('getDenyList');
  const limits = { addressLimit: 1_000_000, networkLimit: 100_000 };
  assert.deepEqual([counts, version > 0], [{ addresses: 1, networks: 2, allowed: 1, ...limits }, true]);
  const lookUp = (address: string) => running.call('lookUpDeniedAddress', { query: { address } });
  const denied = await lookUp('198.51.100.8');
  assert.deepEqual(
    [denied.denied, denied.entry],
    [true, { source: '198.51.100.0/24', action: 'deny', until: null, note: 'scans' }],
  );
  assert.deepEqual(
    [(await lookUp('198.51.100.7')).denied, (await lookUp('198.51.100.7')).entry?.action],
    [false, 'allow'],
  );
  assert.deepEqual(await lookUp('192.0.2.1'), { address: '192.0.2.1', denied: false, entry: null });

  const seen: string[] = [];
  for (let cursor: string | null = null, pages = 0; pages === 0 || cursor !== null; pages++) {
    const page: { items: { source: string; action: string }[]; nextCursor: string | null } = await running.call(
      'listDenyEntries',
      { query: { limit: 1, ...(cursor && { cursor }) } },
    );
    seen.push(...page.items.map(({ source, action }) => `${action} ${source}`));
    cursor = page.nextCursor;
  }
  assert.deepEqual(seen.sort(), ['allow 198.51.100.7/32', 'deny 198.51.100.0/24', 'deny 2001:db8:bad::/48']);
  const { items } = await running.call('listBlockedSources');
  assert.deepEqual([items, (await running.call('getBlockList')).used], [[], 0], 'no tenant has it in its own');

  const sources = ['198.51.100.7', '192.0.2.9'];
  assert.deepEqual(await running.call('removeFromDenyList', { body: { sources } }), {
    ...{ changed: 1, addresses: 0, networks: 2 },
  });
  assert.deepEqual(await running.call('clearDenyList'), { changed: 2, addresses: 0, networks: 0 });
});

test('whoever does not reach all tenants knows nothing of it, and what is wrong is said of the field', async (t) => {
  const running = await Running.start(t);
  const user = await running.call('createUser', { body: { name: 'own', role: 'admin', reach: 'own' } });
  const { token } = await running.call('createToken', { body: { userId: user.id } });
  assert.equal((await running.refused('getDenyList', { token })).code, 'forbidden');
  const refused = async (...entries: object[]) => {
    const { code, errors } = await running.refused('denySources', {
      body: { entries: [{ source: '192.0.2.1' }, ...entries] },
    });
    return [code, errors?.[0]?.field];
  };
  assert.deepEqual(await refused({ source: '10.0.0.1/8' }), ['validation-failed', '/entries/1/source']);
  for (const source of ['127.0.0.1', '127.1.0.0/16', '::1', '::ffff:127.0.0.1']) {
    assert.deepEqual(await refused({ source, action: 'allow' }), ['validation-failed', '/entries/1/source'], source);
  }
  assert.deepEqual(await refused({ source: '192.0.2.1/32' }), ['validation-failed', '/entries/1/source'], 'twice');
  assert.deepEqual(await refused({ source: '10.0.0.1', action: 'block' }), ['validation-failed', '/entries/1/action']);
  assert.equal((await running.call('getDenyList')).addresses, 0, 'all or none');
  await running.call('denySources', { body: { entries: [{ source: '0.0.0.0/0' }] } });
  assert.equal((await running.call('getDenyList')).networks, 1, 'the API is no listener');

  const { items } = await running.call('listAudit');
  const own = items.filter(({ action, outcome }) => /deny/i.test(action) && outcome === 'done');
  assert.deepEqual(
    own.map(({ action, actorId, detail }) => [action, actorId, detail]),
    [['denySources', 'admin', '1 source denied: 0.0.0.0/0']],
  );
});

test('nodes are told part by part, and say what they refuse: an event tells of it', async (t) => {
  const running = await Running.start(t);
  const put = (...entries: DenyEntryInput[]) => running.call('denySources', { body: { entries } });
  await put({ source: '192.0.2.0/24' }, { source: '192.0.2.7', action: 'allow' });
  const agent = await FakeAgent.connect(running, { blockLists: NO_POSITION });
  agent.say({ type: 'heartbeat', denied: 5 });
  const everything = ['*allowed +192.0.2.7/32', '*denied +192.0.2.0/24'];
  await agent.until(() => told(agent).length === 2);
  assert.deepEqual(told(agent), everything);
  await put({ source: '192.0.2.7' });
  await agent.until(() => told(agent).length === 4);
  assert.deepEqual(told(agent).slice(2), ['*denied +192.0.2.7/32', '*allowed -192.0.2.7/32']);
  const node = async () => (await running.call('getNode', { params: { nodeId: 'node-1' } })).denied;
  while ((await node()) !== 5) await new Promise((resolve) => setTimeout(resolve, 5));
  // Nodes are looked at once a second: what they had refused before is no news.
  const found = async () => (await running.call('listEvents', { query: { kind: 'denials.begun' } })).items;
  for (let denied = 6; (await found()).length === 0; denied++) {
    agent.say({ type: 'heartbeat', denied });
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  const [event] = await found();
  assert.deepEqual([event!.severity, event!.tenantId, event!.subject.id], ['warning', null, 'node-1']);
});

test('whichever tenant is acted in, who changed the installation is in the log of the installation alone', async (t) => {
  const running = await Running.start(t);
  const { id } = await running.call('createTenant', { body: { name: 'shop' } });
  const headers = { 'evenkeel-tenant': id };
  await running.call('denySources', { headers, body: { entries: [{ source: '198.51.100.7' }] } });
  await running.call('createRegion', { headers, body: { name: 'north' } });
  for (const action of ['denySources', 'createRegion'] as const) {
    const logged = async (as: Readonly<Record<string, string>>) => {
      const { items } = await running.call('listAudit', { headers: as, query: { action } });
      return items.length;
    };
    assert.equal(await logged({}), 1, action);
    assert.equal(await logged(headers), 0, action);
  }
});
