import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ReportedSharing, SharingPeer } from '@evenkeel/model/plan/sharing.ts';
import { FakeAgent } from './fake-agent.ts';
import { Running } from './running.ts';

const at = (address: string): ReportedSharing => ({ state: 'sharing', reason: '', address, port: 7702, peers: [] });

/** The nodes that an agent was told of last. */
function peersOf(agent: FakeAgent): readonly SharingPeer[] | null {
  const told = agent.messages.filter((message) => message.type === 'peers');
  return told.at(-1)?.peers ?? null;
}

test('nodes that share flows are told of each other as they come and go', async (t) => {
  const running = await Running.start(t);
  const one = await FakeAgent.connect(running, { node: 'one' });
  const two = await FakeAgent.connect(running, { node: 'two' });
  const deaf = await FakeAgent.connect(running, { node: 'deaf' });
  one.say({ type: 'heartbeat', sharing: at('192.0.2.1') });
  await one.until(() => peersOf(one)?.length === 0);
  two.say({ type: 'heartbeat', sharing: at('192.0.2.2') });
  await one.until(() => peersOf(one)?.length === 1);
  await two.until(() => peersOf(two)?.length === 1);
  assert.deepEqual(peersOf(two), [{ node: 'one', address: '192.0.2.1', port: 7702 }]);

  const connected = { node: 'one', state: 'connected', reason: '', since: 1_000 } as const;
  two.say({ type: 'heartbeat', sharing: { ...at('192.0.2.2'), peers: [connected] } });
  const shown = async (id: string) => (await running.call('getNode', { params: { nodeId: id } })).flowSharing;
  while ((await shown('two'))?.peers.length !== 1);
  assert.deepEqual((await shown('two'))?.peers, [{ ...connected, since: '1970-01-01T00:00:01.000Z' }]);
  assert.equal(await shown('deaf'), null);

  two.say({ type: 'heartbeat', sharing: at('192.0.2.22') });
  await one.until(() => peersOf(one)?.[0]?.address === '192.0.2.22');
  await two.leave();
  await one.until(() => peersOf(one)?.length === 0);
  assert.equal(await shown('two'), null);
  assert.equal(peersOf(deaf), null, 'who shares nothing is told of nobody');
  const said = one.messages.filter((message) => message.type === 'peers').length;
  assert.equal(said, 4, 'nothing is said twice');
  await one.leave();
  await deaf.leave();
});

test('what makes no sense about sharing says nothing', async (t) => {
  const running = await Running.start(t);
  const agent = await FakeAgent.connect(running);
  const shown = async () => (await running.call('getNode', { params: { nodeId: 'node-1' } })).flowSharing;
  for (const wrong of [
    { ...at('192.0.2.1'), address: 'host.example' },
    { ...at('192.0.2.1'), port: 0 },
    { ...at('192.0.2.1'), state: 'good' },
    { ...at('192.0.2.1'), peers: [{ node: '../x' }] },
    {
      ...at('192.0.2.1'),
      peers: Array.from({ length: 65 }, () => ({ node: 'a', state: 'connected', reason: '', since: 1 })),
    },
    'all',
  ]) {
    agent.say({ type: 'heartbeat', sharing: at('192.0.2.1') });
    while ((await shown()) === null);
    agent.say({ type: 'heartbeat', sharing: wrong as ReportedSharing });
    while ((await shown()) !== null);
  }
  await agent.leave();
});
