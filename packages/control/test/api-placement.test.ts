import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { setTimeout } from 'node:timers/promises';
import type { Problem } from '@evenkeel/model/problem.ts';
import { FakeAgent } from './fake-agent.ts';
import { Running } from './running.ts';

const problemOf = (answer: { readonly body: unknown }) => answer.body as Problem;

test('a zone that is in use cannot be deleted, and the refusal names the users', async (t) => {
  const running = await Running.start(t);
  const region = await running.call('createRegion', { body: { name: 'north' } });
  const zone = await running.call('createZone', { body: { name: 'north-1', region: 'north' } });
  await running.call('createZone', { body: { name: 'east' } });
  const web = { name: 'web', region: 'north', zones: ['north-1'] };
  const { id } = await running.call('createLoadBalancer', { body: web });
  const params = { zoneId: zone.id };
  const used = problemOf(await running.try('deleteZone', { params }));
  assert.deepEqual([used.code, used.usedBy], ['resource-in-use', [{ kind: 'loadBalancer', id, name: 'web' }]]);
  const busy = problemOf(await running.try('deleteRegion', { params: { regionId: region.id } }));
  assert.deepEqual(
    busy.usedBy?.map(({ kind, name }) => [kind, name]),
    [
      ['zone', 'north-1'],
      ['loadBalancer', 'web'],
    ],
  );
  await running.call('deleteLoadBalancer', { params: { loadBalancerId: id } });
  await running.call('deleteZone', { params });
  await running.call('deleteRegion', { params: { regionId: region.id } });
  const { items } = await running.call('listZones');
  assert.deepEqual(
    items.map(({ name }) => name),
    ['local', 'east'],
  );
  const builtIn = await running.try('deleteZone', { params: { zoneId: items[0]!.id } });
  assert.equal(problemOf(builtIn).code, 'built-in');
});

test('what names a zone or region that there is not is refused with those that there are', async (t) => {
  const running = await Running.start(t);
  await running.call('createRegion', { body: { name: 'north' } });
  await running.call('createZone', { body: { name: 'north-1', region: 'north' } });
  const refusal = async (body: object) => {
    const problem = problemOf(await running.try('createLoadBalancer', { body: { name: 'web', ...body } }));
    return [problem.code, problem.errors?.map(({ field, allowed }) => [field, allowed])];
  };
  assert.deepEqual(await refusal({ region: 'x' }), ['reference-not-found', [['/region', 'local, north']]]);
  assert.deepEqual(await refusal({ zones: ['local', 'x'] }), ['reference-not-found', [['/zones/1', 'local, north-1']]]);
  assert.deepEqual(await refusal({ zones: ['north-1'] }), ['validation-failed', [['/zones/0', 'local']]]);
  assert.deepEqual(await refusal({ zones: ['local', 'local'] }), ['validation-failed', [['/zones/1', undefined]]]);
  assert.deepEqual(await refusal({ targetGroups: [{ name: 't', targets: [{ address: '10.0.0.1', zone: 'x' }] }] }), [
    'reference-not-found',
    [['/targetGroups/0/targets/0/zone', 'local, north-1']],
  ]);
  assert.equal((await running.try('createZone', { body: { name: 'local' } })).status, 409);
});

const LISTENING = {
  listeners: [{ protocol: 'http', port: 80, service: { targets: [{ address: '10.0.0.1' }] } }],
} as const;

async function threeNodes(t: TestContext, running: Running): Promise<Record<string, FakeAgent>> {
  const agents: Record<string, FakeAgent> = {};
  for (const node of ['node-1', 'node-2', 'node-3']) agents[node] = await FakeAgent.connect(running, { node });
  t.after(() => Promise.all(Object.values(agents).map((agent) => agent.leave())));
  return agents;
}

const listenersOf = (agent: FakeAgent) => [...agent.plan.entries.keys()].filter((key) => key.startsWith('listener/'));

test('a load balancer on two nodes of three is in the plans of those alone; a drain has another take over first', async (t) => {
  const running = await Running.start(t);
  const agents = await threeNodes(t, running);
  const made = await running.call('createLoadBalancer', { body: { name: 'web', nodesPerZone: 2, ...LISTENING } });
  const operationId = made.operationId;
  await running.call('getOperation', { params: { operationId }, query: { wait: 'applied', timeout: 60 } });
  const params = { loadBalancerId: made.id };
  const placed = await running.call('getLoadBalancerPlacement', { params });
  const [first, second] = placed.nodes.map(({ node }) => node) as [string, string];
  assert.equal(placed.nodes.length, 2);
  const third = Object.keys(agents).find((name) => name !== first && name !== second)!;
  assert.deepEqual(
    [first, second, third].map((name) => listenersOf(agents[name]!).length),
    [1, 1, 0],
  );
  const [listener] = (await running.call('listListeners')).items;
  assert.deepEqual(
    listener!.nodes.map(({ node, state }) => [node, state]),
    [first, second].map((node) => [node, 'active']),
  );

  for (const agent of Object.values(agents)) agent.answers = () => ({ answer: { targets: [] } });
  const [service] = (await running.call('listBackendServices')).items;
  const evidence = await running.call('getHealthEvidence', { params: { backendServiceId: service!.id } });
  assert.deepEqual(
    evidence.nodes.map(({ node }) => node),
    [first, second],
    'nodes that do not have it are not asked',
  );

  agents[third]!.acknowledges = false;
  const drained = await running.call('drainNode', { params: { nodeId: first }, body: { deadline: 0 } });
  await agents[third]!.until(() => listenersOf(agents[third]!).length === 1);
  await agents[first]!.has(drained.generation);
  assert.equal(listenersOf(agents[first]!).length, 1, 'it keeps what nobody has taken over');
  const moving = await running.call('getNodePlacement', { params: { nodeId: first } });
  assert.deepEqual([moving.duty, moving.drain?.state, moving.drain?.waitsFor], ['drained', 'moving', [third]]);
  assert.deepEqual(
    moving.loadBalancers.map(({ name, state }) => [name, state]),
    [['web', 'leaving']],
  );

  agents[third]!.acknowledges = true;
  agents[third]!.acknowledge();
  await agents[first]!.until(() => listenersOf(agents[first]!).length === 0);
  const awaited = { params: { operationId: drained.operationId }, query: { wait: 'applied', timeout: 60 } } as const;
  assert.equal((await running.call('getOperation', awaited)).status, 'applied');
  const done = await running.call('getNodePlacement', { params: { nodeId: first } });
  assert.deepEqual([done.drain?.state, done.count], ['drained', 0]);

  const again = await FakeAgent.connect(running, { node: first });
  t.after(() => again.leave());
  await again.has(drained.generation);
  assert.equal(again.plan.entries.size, 0, 'it stays drained when it restarts');
  await running.call('uncordonNode', { params: { nodeId: first } });
  await again.until(() => listenersOf(again).length === 1);
});

test('a drain waits for a node that refuses, and for its own node while that is out of sight, also over a start', async (t) => {
  const running = await Running.start(t);
  const drained = await FakeAgent.connect(running, { node: 'node-1' });
  const refuses: FakeAgent['refuses'] = ({ entries }) =>
    [...entries.values()].flatMap(({ kind, value }) =>
      kind === 'listener' ? [{ listenerId: value.id, code: 'address-in-use', detail: 'taken' }] : [],
    );
  const other = await FakeAgent.connect(running, { node: 'node-2', refuses });
  const made = await running.call('createLoadBalancer', { body: { name: 'web', ...LISTENING } });
  await Promise.all([drained.has(made.generation), other.has(made.generation)]);
  const params = { nodeId: 'node-1' };
  const { operationId, generation } = await running.call('drainNode', { params, body: {} });
  await Promise.all([drained.has(generation), other.has(generation)]);
  const drainOf = async () => (await running.call('getNodePlacement', { params })).drain;
  const isPending = async () =>
    assert.equal((await running.call('getOperation', { params: { operationId } })).status, 'pending');
  assert.deepEqual([(await drainOf())?.state, (await drainOf())?.waitsFor], ['moving', ['node-2']]);

  await running.restart();
  assert.deepEqual((await drainOf())?.waitsFor, ['node-2'], 'what it refuses is not known');
  const again = await FakeAgent.connect(running, { node: 'node-1', plan: drained.plan });
  await again.until(() => again.messages.length > 0);
  const taker = await FakeAgent.connect(running, { node: 'node-2', plan: other.plan, refuses });
  const refusedBy = async () => (await running.call('getNode', { params: { nodeId: 'node-2' } })).refused.length;
  while ((await refusedBy()) === 0) await setTimeout(10);
  assert.deepEqual([(await drainOf())?.state, listenersOf(again).length], ['moving', 1]);
  await isPending();

  taker.refuses = () => [];
  taker.acknowledge();
  await again.until(() => again.plan.entries.size === 0);
  again.say({ type: 'heartbeat', connections: 2 });
  while ((await drainOf())?.connections !== 2) await setTimeout(10);
  await again.leave();
  while ((await drainOf())?.connections !== null) await setTimeout(10);
  assert.equal((await drainOf())?.state, 'draining');
  await isPending();
  await running.restart();
  await isPending();
  const last = await FakeAgent.connect(running, { node: 'node-1', plan: again.plan });
  const back = await FakeAgent.connect(running, { node: 'node-2', plan: taker.plan });
  t.after(() => Promise.all([last.leave(), back.leave()]));
  await last.until(() => last.messages.length > 0);
  last.say({ type: 'heartbeat', connections: 0 });
  const awaited = { params: { operationId }, query: { wait: 'applied', timeout: 60 } } as const;
  assert.equal((await running.call('getOperation', awaited)).status, 'applied');
  assert.equal((await drainOf())?.state, 'drained');
});

test('a cordoned node keeps what it has and gets nothing new', async (t) => {
  const running = await Running.start(t);
  const agents = await threeNodes(t, running);
  const agent = agents['node-1']!;
  await running.call('createLoadBalancer', { body: { name: 'old', ...LISTENING } });
  const params = { nodeId: 'node-1' };
  const { generation } = await running.call('cordonNode', { params });
  assert.equal((await running.call('cordonNode', { params })).generation, generation, 'once more changes nothing');
  const fresh = await running.call('createLoadBalancer', { body: { name: 'new', ...LISTENING } });
  await agent.has(fresh.generation);
  assert.equal(listenersOf(agent).length, 1);
  assert.equal(listenersOf(agents['node-2']!).length >= 1, true);
  await running.call('uncordonNode', { params });
  await agent.until(() => listenersOf(agent).length === 2);
});

test('the last node of a zone is drained only when it is forced; one that has connections is done when they have ended', async (t) => {
  const running = await Running.start(t);
  const agent = await FakeAgent.connect(running);
  t.after(() => agent.leave());
  await running.call('createLoadBalancer', { body: { name: 'web', ...LISTENING } });
  const params = { nodeId: 'node-1' };
  assert.equal(problemOf(await running.try('drainNode', { params, body: {} })).code, 'last-of-zone');
  const { operationId } = await running.call('drainNode', { params, body: { force: true } });
  await agent.until(() => agent.plan.entries.size === 0);
  agent.say({ type: 'heartbeat', connections: 2, kernelFlows: 40 });
  const stateOf = async () => (await running.call('getNodePlacement', { params })).drain;
  while ((await stateOf())?.connections !== 2) await setTimeout(10);
  assert.deepEqual([(await stateOf())?.state, (await stateOf())?.kernelFlows], ['draining', 40]);
  assert.equal((await running.call('getOperation', { params: { operationId } })).status, 'pending');
  agent.say({ type: 'heartbeat', connections: 0 });
  const awaited = { params: { operationId }, query: { wait: 'applied', timeout: 60 } } as const;
  assert.equal((await running.call('getOperation', awaited)).status, 'applied');
  assert.equal((await stateOf())?.state, 'drained');
  assert.equal(problemOf(await running.try('cordonNode', { params })).code, 'node-drained');
});

test('the zone of a node keeps it from being deleted', async (t) => {
  const running = await Running.start(t);
  const agents = await threeNodes(t, running);
  const { id } = await running.call('createZone', { body: { name: 'zone-a' } });
  const used = problemOf(await running.try('deleteZone', { params: { zoneId: id } }));
  assert.deepEqual(
    used.usedBy?.map(({ name }) => name),
    Object.keys(agents),
  );
  const { zone, zoneKnown } = await running.call('getNodePlacement', { params: { nodeId: 'node-2' } });
  assert.deepEqual([zone, zoneKnown], ['zone-a', true]);
});

test('what becomes of the duty of a node is told in events, each once', async (t) => {
  const running = await Running.start(t);
  await threeNodes(t, running);
  const params = { nodeId: 'node-1' };
  await running.call('cordonNode', { params });
  const { operationId } = await running.call('drainNode', { params, body: { deadline: 0 } });
  const awaited = { params: { operationId }, query: { wait: 'applied', timeout: 60 } } as const;
  const operation = await running.call('getOperation', awaited);
  assert.deepEqual([operation.status, operation.leftOut], ['applied', []]);
  await running.call('uncordonNode', { params });
  const kinds = ['node.cordoned', 'drain.begun', 'drain.ended', 'node.uncordoned'];
  const told = async () => {
    const { items } = await running.call('listEvents', { query: { subjectId: 'node-1' } });
    return items.map(({ kind }) => kind as string).filter((kind) => kind !== 'node.up');
  };
  while ((await told()).length < kinds.length) await setTimeout(10);
  assert.deepEqual((await told()).reverse(), kinds);
});
