import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect } from 'node:net';
import { test } from 'node:test';
import { DEFAULT_QUOTAS } from '@evenkeel/model/limits.ts';
import { EMPTY_PLAN, planOf } from '@evenkeel/model/plan/delta.ts';
import { FakeAgent } from './fake-agent.ts';
import { Running } from './running.ts';

const SHOP = {
  name: 'shop',
  listeners: [{ protocol: 'http', port: 80, service: { targets: [{ address: '10.0.0.1' }] } }],
};

test('an agent without a plan gets a snapshot, then a delta for each change', async (t) => {
  const running = await Running.start(t);
  await running.call('createLoadBalancer', { body: SHOP });
  const agent = await FakeAgent.connect(running);
  await agent.has(1);
  assert.deepEqual(
    agent.messages.map(({ type }) => type),
    ['snapshot'],
  );
  assert.equal(agent.plan.entries.size, 3);

  const { items } = await running.call('listListeners');
  const { generation } = await running.call('updateListener', {
    params: { listenerId: items[0]!.id },
    body: { idleTimeout: 5 },
  });
  await agent.has(generation);
  const delta = agent.messages.at(-1)!;
  assert.ok(delta.type === 'delta');
  assert.deepEqual([delta.from, delta.version, delta.upserts.length, delta.removes.length], [1, 2, 1, 0]);
  await agent.leave();
});

test('an operation is applied when every node has acknowledged it', async (t) => {
  const running = await Running.start(t);
  const first = await FakeAgent.connect(running, { node: 'node-1' });
  const second = await FakeAgent.connect(running, { node: 'node-2', acknowledges: false });
  const { operationId, id } = await running.call('createLoadBalancer', { body: SHOP });
  await second.has(1);
  const params = { operationId };
  await first.has(1);

  let settled = false;
  const waiting = running
    .call('getOperation', { params, query: { wait: 'applied', timeout: 30 } })
    .then((operation) => {
      settled = true;
      return operation;
    });
  const before = await running.call('getOperation', { params });
  assert.equal(before.status, 'pending');
  assert.equal(before.nodes.find(({ node }) => node === 'node-2')!.state, 'pending');
  assert.equal(settled, false);
  assert.equal((await running.call('getLoadBalancer', { params: { loadBalancerId: id } })).status, 'pending');

  second.acknowledge();
  const after = await waiting;
  assert.equal(after.status, 'applied');
  assert.deepEqual(
    after.nodes.map(({ node, state }) => [node, state]),
    [
      ['node-1', 'applied'],
      ['node-2', 'applied'],
    ],
  );
  assert.ok(after.settledAt);
  assert.equal((await running.call('getLoadBalancer', { params: { loadBalancerId: id } })).status, 'active');
  await Promise.all([first.leave(), second.leave()]);
});

test('a wait ends with its timeout, and with the operation as it is then', async (t) => {
  const running = await Running.start(t);
  const { operationId } = await running.call('createLoadBalancer', { body: SHOP });
  const operation = await running.call('getOperation', {
    params: { operationId },
    query: { wait: 'applied', timeout: 0 },
  });
  assert.equal(operation.status, 'pending');
  assert.deepEqual(operation.nodes, []);
});

test('a listener that a node cannot run shows the reason; the operation is refused, and stays so', async (t) => {
  const running = await Running.start(t);
  const agent = await FakeAgent.connect(running);
  agent.refuses = (plan) =>
    [...plan.entries.values()].flatMap((entry) =>
      entry.kind === 'listener' && entry.value.port === 80
        ? [{ listenerId: entry.value.id, code: 'address-in-use', detail: '127.77.0.1:80 is in use' }]
        : [],
    );
  const body = { ...SHOP, listeners: [...SHOP.listeners, { protocol: 'tcp', port: 81 }] };
  const { operationId, id } = await running.call('createLoadBalancer', { body });
  const wait = { params: { operationId }, query: { wait: 'applied', timeout: 30 } };
  const operation = await running.call('getOperation', wait);
  assert.equal(operation.status, 'refused');
  assert.equal(operation.nodes[0]!.refused[0]!.code, 'address-in-use');

  const { items } = await running.call('listListeners');
  assert.deepEqual(
    items.map(({ port, status, nodes }) => [port, status, nodes[0]!.detail]),
    [
      [80, 'refused', '127.77.0.1:80 is in use'],
      [81, 'active', ''],
    ],
  );
  const loadBalancer = await running.call('getLoadBalancer', { params: { loadBalancerId: id } });
  assert.equal(loadBalancer.status, 'degraded');
  assert.deepEqual((await running.call('listNodes')).items[0]!.refused.length, 1);

  agent.refuses = () => [];
  const change = await running.call('updateListener', {
    params: { listenerId: items[0]!.id },
    body: { idleTimeout: 9 },
  });
  const next = { params: { operationId: change.operationId }, query: { wait: 'applied', timeout: 30 } };
  assert.equal((await running.call('getOperation', next)).status, 'applied');
  assert.equal((await running.call('getListener', { params: { listenerId: items[0]!.id } })).status, 'active');
  assert.equal((await running.call('getOperation', wait)).status, 'refused', 'what happened then');
  await agent.leave();
});

test('an agent that comes back gets a delta, also after a restart of the control plane, and keeps what is equal', async (t) => {
  const running = await Running.start(t);
  const agent = await FakeAgent.connect(running);
  await running.call('createLoadBalancer', { body: SHOP });
  await agent.has(1);
  const { plan } = agent;
  await agent.leave();
  await running.call('createElasticIp', { body: {} });
  const back = await FakeAgent.connect(running, { plan });
  await back.has(2);
  assert.deepEqual(
    back.messages.map(({ type }) => type),
    ['delta'],
  );
  await back.leave();

  await running.restart();
  const again = await FakeAgent.connect(running, { plan });
  await again.has(2);
  const [message] = again.messages;
  assert.ok(message!.type === 'delta', 'the entries are the same, so the number alone is sent');
  assert.deepEqual(message.upserts, []);
  await again.leave();

  const stranger = await FakeAgent.connect(running, { plan: { ...planOf(1, []), hash: 'ff'.repeat(16) } });
  await stranger.has(2);
  assert.equal(stranger.messages[0]!.type, 'snapshot');
  await stranger.leave();
});

test('an operation that nobody had acknowledged is settled after a restart', async (t) => {
  const running = await Running.start(t);
  const { operationId } = await running.call('createLoadBalancer', { body: SHOP });
  await running.restart();
  const agent = await FakeAgent.connect(running);
  const operation = await running.call('getOperation', {
    params: { operationId },
    query: { wait: 'applied', timeout: 30 },
  });
  assert.equal(operation.status, 'applied');
  await agent.leave();
  await running.restart();
  assert.equal((await running.call('getOperation', { params: { operationId } })).status, 'applied');
});

test('resync brings a snapshot', async (t) => {
  const running = await Running.start(t);
  await running.call('createLoadBalancer', { body: SHOP });
  const agent = await FakeAgent.connect(running);
  await agent.has(1);
  agent.plan = EMPTY_PLAN;
  agent.say({ type: 'resync' });
  await agent.until(() => agent.messages.length === 2);
  assert.equal(agent.messages[1]!.type, 'snapshot');
  assert.equal(agent.plan.entries.size, 3);
  await agent.leave();
});

test('changes that an agent does not acknowledge wait, and come as one delta', async (t) => {
  const running = await Running.start(t);
  const agent = await FakeAgent.connect(running, { acknowledges: false });
  for (let i = 0; i < 60; i++) await running.call('createElasticIp', { body: {} });
  await agent.until(() => agent.messages.length >= 16);
  // Everything that was sent before this answer has arrived: the stream is in order.
  const seen = agent.messages.length;
  assert.equal(seen, 16);
  agent.acknowledge();
  await agent.has(60);
  assert.equal(agent.messages.length, 17);
  const last = agent.messages.at(-1)!;
  assert.ok(last.type === 'delta' && last.from < 30 && last.version === 60);
  await agent.leave();
});

test('the health that agents report shows per target, per service and in the list', async (t) => {
  const running = await Running.start(t);
  const body = {
    name: 'shop',
    listeners: [
      { protocol: 'http', port: 80, service: { targets: [{ address: '10.0.0.1' }, { address: '10.0.0.2' }] } },
    ],
  };
  await running.call('createLoadBalancer', { body });
  const first = await FakeAgent.connect(running, { node: 'node-1' });
  const second = await FakeAgent.connect(running, { node: 'node-2' });
  const before = await running.call('listTargetHealth');
  assert.deepEqual(
    before.items.map(({ state, since }) => [state, since]),
    [
      ['detecting', null],
      ['detecting', null],
    ],
  );
  const [a, b] = before.items;
  const report = (targetId: string, state: 'healthy' | 'unhealthy', reason: string, since: number) => ({
    serviceId: a!.backendServiceId,
    targetId,
    state,
    reason,
    since,
  });
  first.say({
    type: 'health',
    complete: true,
    targets: [report(a!.targetId, 'healthy', '', 1_000), report(b!.targetId, 'healthy', '', 1_000)],
  });
  second.say({
    type: 'health',
    complete: false,
    targets: [report(b!.targetId, 'unhealthy', 'CONNECT_FAILED', 2_000), report('tgt-unknown', 'healthy', '', 1)],
  });
  // An acknowledgement after the reports tells that they were taken.
  const { operationId } = await running.call('createElasticIp', { body: {} });
  await running.call('getOperation', { params: { operationId }, query: { wait: 'applied', timeout: 30 } });

  const health = await running.call('getBackendServiceHealth', { params: { backendServiceId: a!.backendServiceId } });
  assert.deepEqual([health.total, health.healthy, health.unhealthy], [2, 1, 1]);
  const unhealthy = await running.call('listTargetHealth', { query: { state: 'unhealthy' } });
  assert.equal(unhealthy.items.length, 1);
  const [target] = unhealthy.items;
  assert.deepEqual(
    [target!.targetId, target!.reason, target!.since, target!.nodes.map(({ node, state }) => `${node} ${state}`)],
    [b!.targetId, 'CONNECT_FAILED', '1970-01-01T00:00:02.000Z', ['node-1 healthy', 'node-2 unhealthy']],
  );
  await Promise.all([first.leave(), second.leave()]);
  const last = await running.call('listTargetHealth', { query: { state: 'unhealthy' } });
  assert.equal(last.items.length, 1, 'the last that was known stays');
});

test('nodes show whether they are online; one that is gone can be forgotten, one that is there cannot', async (t) => {
  const running = await Running.start(t);
  const gone = await FakeAgent.connect(running, { node: 'gone' });
  const there = await FakeAgent.connect(running, { node: 'there' });
  await Promise.all([gone.until(() => gone.messages.length > 0), there.until(() => there.messages.length > 0)]);
  await gone.leave();
  const { operationId } = await running.call('createLoadBalancer', { body: SHOP });
  await there.has(1);
  const nodes = await running.call('listNodes');
  assert.deepEqual(
    nodes.items.map(({ id, status, zone, behind }) => [id, status, zone, behind > 0]),
    [
      ['gone', 'offline', 'zone-a', true],
      ['there', 'online', 'zone-a', false],
    ],
  );
  const waiting = running.call('getOperation', { params: { operationId }, query: { wait: 'applied', timeout: 30 } });
  assert.equal((await running.refused('forgetNode', { params: { nodeId: 'there' } })).code, 'node-online');
  await running.call('forgetNode', { params: { nodeId: 'gone' } });
  assert.equal((await waiting).status, 'applied', 'nobody waits for a node that was forgotten');
  await there.leave();
  await running.restart();
  assert.deepEqual(
    (await running.call('listNodes')).items.map(({ id }) => id),
    ['there'],
  );
});

test('a listener that no node is there for is offline, and says since when, also after a restart', async (t) => {
  const running = await Running.start(t);
  const { id } = await running.call('createLoadBalancer', { body: SHOP });
  const seen = async () => {
    const { items } = await running.call('listListeners', { query: { loadBalancerId: id } });
    const [listener] = items;
    const { status } = await running.call('getLoadBalancer', { params: { loadBalancerId: id } });
    assert.equal(listener!.status, status);
    return { status, nodes: listener!.nodes.map(({ state, offlineSince }) => ({ state, offlineSince })) };
  };
  const until = async (wanted: string): Promise<void> => {
    while ((await seen()).status !== wanted);
  };
  assert.deepEqual(await seen(), { status: 'pending', nodes: [] });
  const agent = await FakeAgent.connect(running);
  await agent.has(1);
  await until('active');
  assert.deepEqual((await seen()).nodes, [{ state: 'active', offlineSince: null }]);
  await agent.leave();
  await until('offline');
  const [gone] = (await seen()).nodes;
  const { lastSeenAt } = await running.call('getNode', { params: { nodeId: 'node-1' } });
  assert.deepEqual(gone, { state: 'offline', offlineSince: lastSeenAt });
  const before = Date.now();
  await running.restart();
  const [still] = (await seen()).nodes;
  assert.equal((await seen()).status, 'offline', 'nothing is under way that somebody could wait for');
  assert.ok(Date.parse(still!.offlineSince!) >= before, 'whether it was there before is not known');
  await running.call('updateLoadBalancer', { params: { loadBalancerId: id }, body: { name: 'other' } });
  assert.equal((await seen()).status, 'offline');
  const back = await FakeAgent.connect(running, { plan: agent.plan });
  await back.has(2);
  await until('active');
  await back.leave();
});

test('the newest connection of a node replaces the older one', async (t) => {
  const running = await Running.start(t);
  const older = await FakeAgent.connect(running);
  await older.until(() => older.messages.length > 0);
  const newer = await FakeAgent.connect(running);
  assert.equal((await older.ended).code, 4409);
  await newer.until(() => newer.messages.length > 0);
  assert.equal((await running.call('getNode', { params: { nodeId: 'node-1' } })).status, 'online');
  await newer.leave();
});

test('the stream is for the node token alone, and for messages of the stream alone', async (t) => {
  const running = await Running.start(t, { quotas: { ...DEFAULT_QUOTAS, nodes: 1 } });
  for (const token of ['', running.adminToken]) {
    const answer = await running.send('GET', '/agent/v1/stream', { headers: { authorization: `Bearer ${token}` } });
    assert.equal(answer.status, 401);
  }
  const agent = await FakeAgent.connect(running);
  await agent.until(() => agent.messages.length > 0);
  agent.socket.send('{"type":"nonsense"}');
  assert.equal((await agent.ended).code, 4400);

  const early = await FakeAgent.connect(running);
  early.say({ type: 'applied', version: 99, refused: [] });
  assert.equal((await early.ended).code, 4400);

  const more = await FakeAgent.connect(running, { node: 'node-2' });
  assert.equal((await more.ended).code, 4429);
});

test('an agent that does not answer the goodbye does not hold up the stop', async (t) => {
  const running = await Running.start(t);
  const { hostname, port } = new URL(running.url);
  const socket = connect(Number(port), hostname);
  socket.write(
    `GET /agent/v1/stream HTTP/1.1\r\nhost: ${hostname}\r\nconnection: upgrade\r\nupgrade: websocket\r\n` +
      'sec-websocket-version: 13\r\nsec-websocket-key: AAAAAAAAAAAAAAAAAAAAAA==\r\n' +
      `authorization: Bearer ${running.nodeToken}\r\n\r\n`,
  );
  const [head] = (await once(socket, 'data')) as [Buffer];
  assert.match(head.toString('latin1'), /^HTTP\/1\.1 101 /);
  const closed = once(socket, 'close');
  socket.on('error', () => {});
  socket.resume();
  await running.restart();
  await closed;
});

test('a node tells what it is out of with each sign of life; what it leaves out it has again', async (t) => {
  const running = await Running.start(t);
  const agent = await FakeAgent.connect(running);
  const node = () => running.call('getNode', { params: { nodeId: 'node-1' } });
  const overload = async (expected: readonly string[]) => {
    while (JSON.stringify((await node()).overload) !== JSON.stringify(expected));
  };
  await overload([]);
  agent.say({ type: 'heartbeat', overload: ['descriptors', 'time'] });
  await overload(['descriptors', 'time']);
  // An older agent does not say, and nonsense says nothing.
  agent.say({ type: 'heartbeat' });
  await overload([]);
  agent.say({ type: 'heartbeat', overload: ['memory'] });
  await overload(['memory']);
  agent.socket.send('{"type":"heartbeat","overload":{"all":true}}');
  await overload([]);
  agent.say({ type: 'heartbeat', overload: ['memory'] });
  await overload(['memory']);
  await agent.leave();
  await overload([]);
});
