import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readEntries } from '@evenkeel/model/block-list/entries.ts';
import { networkText } from '@evenkeel/model/block-list/network-key.ts';
import { GONE } from '@evenkeel/model/block-list/prefix-table.ts';
import type { BlockListPosition } from '@evenkeel/model/plan/block-list.ts';
import { FakeAgent } from './fake-agent.ts';
import { Running } from './running.ts';

interface Page {
  readonly items: readonly { readonly source: string }[];
  readonly nextCursor: string | null;
}

const NOTHING: BlockListPosition = { version: 0, nonce: '' };

/** What an agent has been told: sources by tenant, and where it stands. */
function told({ messages }: FakeAgent) {
  const sources = new Map<string, Set<string>>();
  let position = NOTHING;
  let resets = 0;
  for (const message of messages) {
    if (message.type !== 'block-list') continue;
    position = message.position;
    if (message.reset) {
      sources.clear();
      resets++;
    }
    assert.ok(
      readEntries(Buffer.from(message.entries, 'base64'), (key, length, until) => {
        const own = sources.get(message.tenantId) ?? new Set();
        sources.set(message.tenantId, own);
        const text = networkText({ family: key.length === 1 ? 4 : 6, key, length });
        if (until === GONE) own.delete(text);
        else own.add(text);
      }),
    );
  }
  return { sources: [...sources.values()].flatMap((own) => [...own]).sort(), position, resets };
}

test('sources are blocked for a time, found, and taken out', async (t) => {
  const running = await Running.start(t);
  const entries = [
    { source: '192.0.2.7' },
    { source: '198.51.100.0/24', seconds: null, reason: 'scans' },
    { source: '2001:DB8::/32', seconds: 60, reason: 'scans' },
  ];
  assert.deepEqual(await running.call('blockSources', { body: { entries } }), { changed: 3, entries: 3 });
  const found = await running.call('lookUpBlockedSource', { query: { address: '198.51.100.9' } });
  assert.deepEqual(found.entry, { source: '198.51.100.0/24', until: null, reason: 'scans' });
  const timed = await running.call('lookUpBlockedSource', { query: { address: '192.0.2.7' } });
  const left = Date.parse(timed.entry!.until!) - Date.now();
  assert.ok(left > 3_500_000 && left <= 3_600_000, `${left} ms`);
  const free = await running.call('lookUpBlockedSource', { query: { address: '192.0.2.8' } });
  assert.deepEqual([free.blocked, free.entry], [false, null]);

  const pages: string[] = [];
  for (let cursor: string | null = null, first = true; first || cursor !== null; first = false) {
    const page: Page = await running.call('listBlockedSources', { query: { limit: 1, ...(cursor && { cursor }) } });
    pages.push(...page.items.map(({ source }) => source));
    cursor = page.nextCursor;
  }
  assert.deepEqual(pages.sort(), ['192.0.2.7/32', '198.51.100.0/24', '2001:db8::/32']);

  await running.restart();
  assert.equal((await running.call('getBlockList')).entries, 3, 'they are on disk');
  const sources = ['192.0.2.7', '192.0.2.8'];
  assert.deepEqual(await running.call('unblockSources', { body: { sources } }), { changed: 1, entries: 2 });
  assert.deepEqual(await running.call('clearBlockList'), { changed: 2, entries: 0 });
  await running.restart();
  assert.deepEqual((await running.call('listBlockedSources')).items, []);
});

test('the audit log has who changed the list by which call, how many sources, and the first of them', async (t) => {
  const running = await Running.start(t);
  const entries = Array.from({ length: 25 }, (_, i) => ({ source: `192.0.2.${i}` }));
  await running.call('blockSources', { body: { entries } });
  await running.call('unblockSources', { body: { sources: ['192.0.2.7', '198.51.100.1', '192.0.2.8'] } });
  await running.call('unblockSources', { body: { sources: ['192.0.2.7'] } });
  await running.call('clearBlockList');
  await running.call('getBlockList');
  const { items } = await running.call('listAudit');
  const own = items.filter(({ action }) => /block/i.test(action));
  assert.deepEqual(
    own.map(({ action, outcome, actorId }) => [action, outcome, actorId]),
    ['clearBlockList', 'unblockSources', 'unblockSources', 'blockSources'].map((action) => [action, 'done', 'admin']),
  );
  const first = Array.from({ length: 20 }, (_, i) => `192.0.2.${i}`).join(', ');
  const [cleared, ...others] = own.map(({ detail }) => detail);
  assert.deepEqual(others, [
    'no source taken out',
    '2 sources taken out: 192.0.2.7, 192.0.2.8',
    `25 sources blocked: ${first} and 5 more`,
  ]);
  assert.match(cleared!, /^23 sources taken out: (192\.0\.2\.\d+, ){19}192\.0\.2\.\d+ and 3 more$/);
});

test('each tenant has a list of its own', async (t) => {
  const running = await Running.start(t);
  await running.call('createTenant', { body: { name: 'other' } });
  const headers = { 'evenkeel-tenant': 'other' };
  await running.call('blockSources', { body: { entries: [{ source: '192.0.2.7' }] }, headers });
  const { entries, used } = await running.call('getBlockList');
  assert.deepEqual([entries, used], [0, 1]);
  const user = await running.call('createUser', { body: { name: 'viewer', role: 'viewer' } });
  const { token } = await running.call('createToken', { body: { userId: user.id } });
  assert.equal((await running.call('getBlockList', { token })).used, 0, 'not what others have');
  assert.equal((await running.call('clearBlockList')).changed, 0);
  assert.equal((await running.call('getBlockList', { headers })).entries, 1);
  const [other] = (await running.call('listTenants', { query: { name: 'other' } })).items;
  await running.call('deleteTenant', { params: { tenantId: other!.id } });
  while ((await running.call('getBlockList')).used > 0) await new Promise((resolve) => setImmediate(resolve));
});

test('what is wrong is said of the field', async (t) => {
  const running = await Running.start(t);
  const refused = async (entry: object) => {
    const { code, errors } = await running.refused('blockSources', {
      body: { entries: [{ source: '192.0.2.1' }, entry] },
    });
    return [code, errors?.[0]?.field];
  };
  assert.deepEqual(await refused({ source: '10.0.0.1/8' }), ['validation-failed', '/entries/1/source']);
  assert.deepEqual(await refused({ source: '10.0.0.1', seconds: 0 }), ['validation-failed', '/entries/1/seconds']);
  assert.deepEqual(await refused({ source: '10.0.0.1', reason: 'x'.repeat(201) }), [
    'validation-failed',
    '/entries/1/reason',
  ]);
  assert.equal((await running.call('getBlockList')).entries, 0, 'all or none');
  const many = (first: number) =>
    Array.from({ length: 600 }, (_, i) => ({
      source: `10.${first}.${i >> 8}.${i & 255}`,
      reason: `reason ${first} ${i}`,
    }));
  await running.call('blockSources', { body: { entries: many(1) } });
  const problem = await running.refused('blockSources', { body: { entries: many(2) } });
  assert.match(problem.errors![0]!.field, /^[/]entries[/]\d+[/]reason$/);
});

test('agents get everything, then what changes, and go on from where they were', async (t) => {
  const running = await Running.start(t);
  const block = (...sources: string[]) =>
    running.call('blockSources', { body: { entries: sources.map((source) => ({ source })) } });
  await block('192.0.2.1', '192.0.2.2');
  await block('192.0.2.3');
  const agent = await FakeAgent.connect(running, { blockLists: NOTHING });
  await agent.until(() => told(agent).position.version === 2);
  assert.deepEqual([told(agent).sources.length, told(agent).resets], [3, 1]);
  await block('2001:db8::1');
  await running.call('unblockSources', { body: { sources: ['192.0.2.1'] } });
  await agent.until(() => told(agent).position.version === 4);
  assert.deepEqual(told(agent).sources, ['192.0.2.2/32', '192.0.2.3/32', '2001:db8::1/128']);
  const { position } = told(agent);
  await agent.leave();

  await block('192.0.2.9');
  const again = await FakeAgent.connect(running, { blockLists: position });
  await again.until(() => told(again).position.version === 5);
  assert.deepEqual([told(again).sources, told(again).resets], [['192.0.2.9/32'], 0]);
  await again.leave();

  await running.restart();
  const known = await FakeAgent.connect(running, { blockLists: position });
  await known.until(() => told(known).position.version === 5);
  assert.equal(told(known).resets, 0, 'the history is on disk');
  const stranger = await FakeAgent.connect(running, { node: 'node-2', blockLists: { version: 3, nonce: 'another' } });
  await stranger.until(() => told(stranger).position.version === 5);
  assert.deepEqual([told(stranger).sources.length, told(stranger).resets], [4, 1]);
  const old = await FakeAgent.connect(running, { node: 'node-3' });
  await block('192.0.2.10');
  await stranger.until(() => told(stranger).position.version === 6);
  assert.deepEqual(told(old).position, NOTHING, 'an agent that does not say what it has takes none');
});

test('nothing more is sent to an agent before it has what was sent', async (t) => {
  const running = await Running.start(t);
  const agent = await FakeAgent.connect(running, { blockLists: NOTHING, acknowledges: false });
  for (const source of ['192.0.2.1', '192.0.2.2', '192.0.2.3']) {
    await running.call('blockSources', { body: { entries: [{ source }] } });
  }
  const parts = () => agent.messages.filter(({ type }) => type === 'block-list').length;
  await agent.until(() => parts() > 0);
  assert.equal(parts(), 1);
  agent.say({ type: 'blocked' });
  await agent.until(() => parts() === 2);
});
