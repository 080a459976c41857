import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { NodePlan } from '@evenkeel/model/plan/plan.ts';
import { FakeAgent } from './fake-agent.ts';
import { Running } from './running.ts';
import { shop, usersOf } from './shop.ts';

const operationOf = (running: Running, operationId: string) =>
  running.call('getOperation', { params: { operationId }, query: { wait: 'applied', timeout: 60 } });

/** Refuses every listener. */
const nothing = (plan: NodePlan) =>
  [...plan.entries.values()].flatMap(({ kind, value }) =>
    kind === 'listener' ? [{ listenerId: value.id, code: 'address-in-use', detail: 'port 80 is in use' }] : [],
  );

test('a change that no node has is taken back whole, under one revision, and says by whom', async (t) => {
  const running = await Running.start(t);
  const { lb, group, listener } = await shop(running);
  const body = { targets: [{ address: '10.0.0.7' }, { address: '10.0.0.8' }] };
  const added = await running.call('registerTargets', { params: group, body });
  const kept = await running.call('updateListener', { params: listener, body: { idleTimeout: 77 } });
  const params = { operationId: added.operationId };

  const preview = await running.call('cancelOperation', { params, body: { dryRun: true } });
  assert.deepEqual([preview.dryRun, preview.operationId], [true, null]);
  assert.deepEqual(preview.summary, { created: 0, updated: 0, deleted: 2 });
  assert.equal(preview.generation, kept.generation);
  assert.equal((await running.call('getOperation', { params })).status, 'pending');

  const done = await running.call('cancelOperation', { params, body: {} });
  assert.deepEqual([done.id, done.generation, done.summary.deleted], [added.operationId, kept.generation + 1, 2]);
  const { items } = await running.call('listTargets', { params: group });
  assert.deepEqual(
    items.map(({ address }) => address),
    ['10.0.0.1', '10.0.0.2'],
  );
  assert.equal((await running.call('getListener', { params: listener })).idleTimeout, 77, 'what came later stays');
  const cancelled = await running.call('getOperation', { params });
  assert.deepEqual([cancelled.status, cancelled.cancelledBy], ['cancelled', done.operationId]);
  assert.notEqual(cancelled.settledAt, null);
  const listed = await running.call('listOperations', { query: { status: 'cancelled' } });
  assert.deepEqual(
    listed.items.map(({ id }) => id),
    [added.operationId],
  );
  const [revision] = (await running.call('listRevisions', { query: { limit: 1 } })).items;
  assert.deepEqual([revision!.action, revision!.operationId], ['cancelOperation', done.operationId]);

  assert.equal((await running.refused('cancelOperation', { params, body: {} })).code, 'operation-settled');
  await running.restart();
  assert.equal((await running.call('getOperation', { params })).cancelledBy, done.operationId, 'also after a start');
  await running.call('deleteLoadBalancer', { params: lb });
});

test('a node that runs it already takes it back; one that wakes up later never sees it', async (t) => {
  const running = await Running.start(t);
  const { group, loadBalancer } = await shop(running);
  const quick = await FakeAgent.connect(running, { node: 'quick' });
  const slow = await FakeAgent.connect(running, { node: 'slow', acknowledges: false });
  await Promise.all([quick.has(loadBalancer.generation), slow.has(loadBalancer.generation)]);
  const body = { targets: [{ address: '10.0.0.9' }] };
  const added = await running.call('registerTargets', { params: group, body });
  await quick.has(added.generation);
  const waiting = operationOf(running, added.operationId);
  const done = await running.call('cancelOperation', { params: { operationId: added.operationId }, body: {} });
  assert.equal((await waiting).status, 'cancelled', 'whoever waits for it is told at once');
  await quick.has(done.generation);
  slow.acknowledges = true;
  await slow.has(done.generation);
  slow.acknowledge();
  assert.equal((await operationOf(running, done.operationId!)).status, 'applied');
  for (const { plan } of [quick, slow]) assert.doesNotMatch(JSON.stringify([...plan.entries.values()]), /10\.0\.0\.9/);
  await Promise.all([quick.leave(), slow.leave()]);
});

test('nothing is taken back that every node has, that something later depends on, or that has lost its place', async (t) => {
  const running = await Running.start(t);
  const agent = await FakeAgent.connect(running);
  const { loadBalancer, listener, service, group } = await shop(running);
  assert.equal((await operationOf(running, loadBalancer.operationId)).status, 'applied');
  const cancel = (operationId: string) => running.refused('cancelOperation', { params: { operationId }, body: {} });
  assert.equal((await cancel(loadBalancer.operationId)).code, 'operation-settled');

  agent.acknowledges = false;
  const first = await running.call('updateBackendService', {
    params: service,
    body: { algorithm: 'least-connections' },
  });
  await running.call('updateBackendService', { params: service, body: { description: 'again' } });
  const again = await cancel(first.operationId);
  assert.deepEqual([again.code, again.usedBy!.length], ['cancel-impossible', 1]);
  assert.match(again.detail, /was changed again since/);

  const made = await running.call('createTargetGroup', { body: { loadBalancerId: loadBalancer.id, name: 'spare' } });
  await running.call('registerTargets', {
    params: { targetGroupId: made.id },
    body: { targets: [{ address: '10.0.0.5' }] },
  });
  const used = await cancel(made.operationId);
  assert.match(used.detail, /10\.0\.0\.5.* refers to what would change/);

  const gone = await running.call('deleteListener', { params: listener });
  await running.call('createListener', {
    body: { loadBalancerId: loadBalancer.id, protocol: 'http', port: 80, name: 'other', ...service },
  });
  const taken = await cancel(gone.operationId);
  assert.deepEqual([taken.code, usersOf(taken)], ['cancel-impossible', ['other']]);
  assert.match(taken.detail, /the port of web is taken/);

  const removed = await running.call('deregisterTargets', {
    params: group,
    body: { targetIds: (await running.call('listTargets', { params: group })).items.map(({ id }) => id) },
  });
  await running.call('deleteBackendService', { params: service }).catch(() => {});
  const user = await running.call('createUser', { body: { name: 'ann', role: 'viewer' } });
  assert.match((await cancel(user.operationId)).detail, /changed nothing that is told to nodes/);
  const back = await running.call('cancelOperation', { params: { operationId: removed.operationId }, body: {} });
  assert.deepEqual(back.summary, { created: 2, updated: 0, deleted: 0 });
  await agent.leave();
});

test('a refusal names node, field and remedy; a retry has that node try at once, and says what came of it', async (t) => {
  const running = await Running.start(t);
  const agent = await FakeAgent.connect(running, { node: 'lb-1' });
  const other = await FakeAgent.connect(running, { node: 'lb-2' });
  agent.refuses = nothing;
  const asked: unknown[] = [];
  agent.answers = (query) => {
    asked.push([query.kind, query.question]);
    agent.acknowledge();
    return { answer: { version: agent.plan.version } };
  };
  other.answers = () => assert.fail('it runs everything');
  const { loadBalancer, listener } = await shop(running);
  const params = { operationId: loadBalancer.operationId };
  const refused = await operationOf(running, loadBalancer.operationId);
  assert.equal(refused.status, 'refused');
  const [reason] = refused.refused;
  assert.deepEqual([reason!.node, reason!.listenerId, reason!.field], ['lb-1', listener.listenerId, '/port']);
  assert.match(reason!.remedy, /another port/);
  assert.equal(refused.nodes[0]!.refused[0]!.remedy, reason!.remedy);

  assert.equal((await running.call('retryOperation', { params })).status, 'refused', 'the port is still taken');
  agent.refuses = () => [];
  const applied = await running.call('retryOperation', { params });
  assert.deepEqual([applied.status, applied.refused], ['applied', []]);
  assert.deepEqual(asked, Array(2).fill(['retry', { listenerIds: [listener.listenerId] }]));
  assert.equal((await running.refused('retryOperation', { params })).code, 'operation-settled');
  const { items } = await running.call('listEvents', { query: { kind: 'operation.applied' } });
  assert.equal(items.filter(({ subject }) => subject.id === loadBalancer.operationId).length <= 1, true);
  await running.restart();
  assert.equal((await running.call('getOperation', { params })).status, 'applied', 'what was found is kept');
  await Promise.all([agent.leave(), other.leave()]);
});
