import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FakeAgent } from './fake-agent.ts';
import { Running } from './running.ts';
import { fieldsOf, usersOf } from './shop.ts';

const TINY = { name: 'tiny', connections: 10, connectionsPerSecond: null, requestsPerSecond: 5 };

test('a load balancer has a specification: unlimited, unless it says otherwise', async (t) => {
  const running = await Running.start(t);
  const { id, specification } = await running.call('createLoadBalancer', { body: { name: 'web' } });
  assert.equal(specification, 'unlimited');
  const listed = (await running.call('listSpecifications')).items;
  assert.deepEqual(
    listed.slice(0, 2).map(({ name, builtIn, connections, connectionsPerSecond, requestsPerSecond }) => {
      return [name, builtIn, connections, connectionsPerSecond, requestsPerSecond];
    }),
    [
      ['unlimited', true, null, null, null],
      ['shared', true, 50_000, 5_000, 5_000],
    ],
  );
  const params = { loadBalancerId: id };
  const changed = await running.call('updateLoadBalancer', { params, body: { specification: 'shared' } });
  assert.equal(changed.specification, 'shared');
  const body = { loadBalancers: [{ name: 'web', specification: 'advanced-1' }] };
  const applied = await running.call('applyConfiguration', { body });
  assert.deepEqual(applied.changes[0]!.fields, [{ field: 'specification', before: 'shared', after: 'advanced-1' }]);
  assert.equal((await running.call('cloneLoadBalancer', { params, body: {} })).specification, 'advanced-1');
  const refused = await running.refused('updateLoadBalancer', { params, body: { specification: 'huge' } });
  assert.deepEqual([refused.code, fieldsOf(refused)], ['reference-not-found', ['/specification']]);
  assert.match(String(refused.errors![0]!.allowed), /^unlimited, shared, /);
});

test('administrators add specifications for every tenant, and keep what is in use', async (t) => {
  const running = await Running.start(t);
  const made = await running.call('createSpecification', { body: TINY });
  assert.deepEqual([made.id, made.builtIn, made.connectionsPerSecond], ['tiny', false, null]);
  await running.call('createTenant', { body: { name: 'team' } });
  const headers = { 'evenkeel-tenant': 'team' };
  const body = { name: 'theirs', specification: 'tiny' };
  const { id } = await running.call('createLoadBalancer', { headers, body });
  const params = { specification: 'tiny' };
  const used = await running.refused('deleteSpecification', { params });
  assert.deepEqual([used.code, usersOf(used)], ['resource-in-use', ['theirs']]);
  const twin = await running.refused('createSpecification', { body: TINY });
  assert.deepEqual([twin.code, fieldsOf(twin)], ['name-taken', ['/name']]);
  for (const name of ['shared', 'unlimited']) {
    const refused = await running.refused('updateSpecification', { params: { specification: name }, body: {} });
    assert.equal(refused.code, 'built-in');
  }
  const none = await running.refused('createSpecification', { body: { ...TINY, name: 'none', connections: 0 } });
  assert.deepEqual([none.code, fieldsOf(none)], ['validation-failed', ['/connections']]);
  await running.restart();
  assert.equal((await running.call('updateSpecification', { params, body: { connections: 20 } })).connections, 20);

  const lb = { headers, params: { loadBalancerId: id } };
  await running.call('updateLoadBalancer', { ...lb, body: { specification: 'unlimited' } });
  await running.call('deleteSpecification', { params });
  const [, before] = (await running.call('listRevisions', { headers })).items;
  const back = await running.refused('rollBack', { headers, params: { revisionId: before!.id }, body: {} });
  assert.deepEqual([back.code, fieldsOf(back)], ['reference-not-found', ['/loadBalancers/theirs/specification']]);
});

test('plans have the limits in every listener, and follow a specification that changes', async (t) => {
  const running = await Running.start(t);
  await running.call('createSpecification', { body: TINY });
  const listeners = [80, 81].map((port) => ({ protocol: 'http' as const, port }));
  const made = await running.call('createLoadBalancer', { body: { name: 'web', specification: 'tiny', listeners } });
  await running.call('createLoadBalancer', { body: { name: 'free', listeners } });
  const agent = await FakeAgent.connect(running);
  await agent.until(() => agent.plan.entries.size > 0);
  const limitsOf = () =>
    [...agent.plan.entries.values()].flatMap((entry) =>
      entry.kind === 'listener' && entry.value.loadBalancerId === made.id ? [entry.value.loadBalancerLimits] : [],
    );
  const { name: _, ...limits } = TINY;
  assert.deepEqual(limitsOf(), [limits, limits]);
  const others = [...agent.plan.entries.values()].filter(({ value }) => !('loadBalancerLimits' in value));
  assert.equal(others.length, 2, 'nothing is said where nothing is limited');
  await running.call('updateSpecification', { params: { specification: 'tiny' }, body: { connections: null } });
  await agent.until(() => limitsOf().every((one) => one?.connections === null));
  assert.deepEqual(limitsOf(), Array(2).fill({ ...limits, connections: null }));
});
