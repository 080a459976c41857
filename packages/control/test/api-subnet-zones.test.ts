import assert from 'node:assert/strict';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { type TestContext, test } from 'node:test';
import type { Problem } from '@evenkeel/model/problem.ts';
import { FakeAgent } from './fake-agent.ts';
import { Running } from './running.ts';

const told = ({ code, errors }: Problem) => [code, errors?.[0]?.field, errors?.[0]?.allowed];

/** A region `north` with two zones, and a subnet in the first of them and one in none. */
async function site(t: TestContext) {
  const running = await Running.start(t);
  await running.call('createRegion', { body: { name: 'north' } });
  for (const name of ['zone-a', 'zone-b']) await running.call('createZone', { body: { name, region: 'north' } });
  const vpc = await running.call('createVpc', { body: { name: 'office', cidrs: ['10.20.0.0/16'] } });
  const subnet = (name: string, cidr: string, more: object) =>
    running.call('createSubnet', { body: { vpcId: vpc.id, name, cidr, ...more } });
  const zonal = await subnet('a', '10.20.1.0/24', { zone: 'zone-a' });
  const plain = await subnet('p', '10.20.2.0/24', {});
  return { running, zonal, plain };
}

test('a load balancer of a subnet with a zone is in that zone, and on the nodes of it alone', async (t) => {
  const { running } = await site(t);
  for (const [node, zone] of [
    ['n-a', 'zone-a'],
    ['n-b', 'zone-b'],
  ] as const) {
    const agent = await FakeAgent.connect(running, { node, zone });
    t.after(() => agent.leave());
    await agent.has(1);
  }
  const nodesOf = async (body: object) => {
    const { id, region, zones } = await running.call('createLoadBalancer', { body });
    const { nodes } = await running.call('getLoadBalancerPlacement', { params: { loadBalancerId: id } });
    return [region, zones, nodes.map(({ node }) => node)];
  };
  assert.deepEqual(await nodesOf({ name: 'one', subnet: 'a' }), ['north', ['zone-a'], ['n-a']]);
  assert.deepEqual(await nodesOf({ name: 'two', subnet: 'p', region: 'north' }), ['north', [], ['n-a', 'n-b']]);
  assert.deepEqual(await nodesOf({ name: 'three', subnet: 'a', zones: [] }), ['north', ['zone-a'], ['n-a']]);
});

test('what says another place than the subnet is refused, in documents as well', async (t) => {
  const { running } = await site(t);
  const refusal = async (body: object) => told(await running.refused('createLoadBalancer', { body }));
  assert.deepEqual(await refusal({ subnet: 'a', region: 'local' }), ['validation-failed', '/region', 'north']);
  assert.deepEqual(await refusal({ subnet: 'a', zones: ['zone-b'] }), ['validation-failed', '/zones/0', 'zone-a']);
  assert.deepEqual(await refusal({ subnet: 'a', zones: ['zone-a', 'zone-b'] }), [
    'validation-failed',
    '/zones/1',
    'zone-a',
  ]);
  const document = { name: 'web', subnet: 'a', zones: ['zone-b'] };
  const applied = await running.refused('applyConfiguration', { body: { loadBalancers: [document] } });
  assert.deepEqual(told(applied), ['validation-failed', '/loadBalancers/0/zones/0', 'zone-a']);
  await running.call('applyConfiguration', { body: { loadBalancers: [{ name: 'web', subnet: 'a' }] } });
  const [web] = (await running.call('listLoadBalancers')).items;
  const params = { loadBalancerId: web!.id };
  const moved = await running.refused('updateLoadBalancer', { params, body: { zones: ['zone-b'] } });
  assert.deepEqual(told(moved), ['validation-failed', '/zones/0', 'zone-a']);
  assert.deepEqual((await running.call('updateLoadBalancer', { params, body: { zones: [] } })).zones, ['zone-a']);
  const clone = await running.call('cloneLoadBalancer', { params, body: {} });
  assert.deepEqual([clone.region, clone.zones], ['north', ['zone-a']]);
});

test('a subnet gets a zone when its load balancers are there, and no other way back undoes that', async (t) => {
  const { running, plain } = await site(t);
  const agent = await FakeAgent.connect(running, { zone: 'zone-a', acknowledges: false });
  t.after(() => agent.leave());
  await agent.has(1);
  const { id } = await running.call('createLoadBalancer', { body: { name: 'web', subnet: 'p', region: 'north' } });
  const params = { subnetId: plain.id };
  const early = await running.refused('updateSubnet', { params, body: { zone: 'zone-a' } });
  assert.deepEqual(
    [...told(early), early.usedBy],
    ['resource-in-use', '/zone', undefined, [{ kind: 'loadBalancer', id, name: 'web' }]],
  );
  const { operationId } = await running.call('updateLoadBalancer', {
    params: { loadBalancerId: id },
    body: { zones: ['zone-a'] },
  });
  assert.equal((await running.call('updateSubnet', { params, body: { zone: 'zone-a' } })).zone, 'zone-a');
  const cancelled = await running.refused('cancelOperation', { params: { operationId }, body: {} });
  assert.deepEqual([cancelled.code, cancelled.usedBy?.[0]?.name], ['cancel-impossible', 'web']);
  await running.call('updateSubnet', { params, body: { zone: '' } });
  const free = await running.call('updateLoadBalancer', { params: { loadBalancerId: id }, body: { zones: [] } });
  assert.deepEqual(free.zones, []);
});

test('load balancers from before their subnet had a zone stay where they are, whatever else changes', async (t) => {
  const { running, plain } = await site(t);
  const place = { subnet: 'p', region: 'north' };
  const web = await running.call('createLoadBalancer', { body: { ...place, name: 'web', zones: ['zone-b'] } });
  const all = await running.call('createLoadBalancer', { body: { ...place, name: 'all' } });
  await running.restart(() => {
    using database = new DatabaseSync(join(running.home, 'state', 'evenkeel.db'));
    const set = database.prepare(`UPDATE subnet SET settings = json_set(settings, '$.zone', 'zone-a') WHERE id = ?`);
    set.run(plain.id);
  });
  const agent = await FakeAgent.connect(running, { zone: 'zone-a', acknowledges: false });
  t.after(() => agent.leave());
  await agent.has(1);
  const zonesOf = async () => {
    const { items } = await running.call('listLoadBalancers');
    return Object.fromEntries(items.map(({ name, zones }) => [name, zones]));
  };
  const asBefore = { web: ['zone-b'], all: [] };
  const cancel = (operationId: string) => running.call('cancelOperation', { params: { operationId }, body: {} });

  const documents = [
    { name: 'web', subnet: 'p', zones: ['zone-b'], description: 'new' },
    { name: 'all', zones: [], description: 'new' },
  ];
  const applied = await running.call('applyConfiguration', { body: { loadBalancers: documents } });
  assert.deepEqual(await zonesOf(), asBefore);
  await running.call('updateSubnet', { params: { subnetId: plain.id }, body: { description: 'new' } });
  await cancel(applied.operationId!);
  assert.deepEqual(await zonesOf(), asBefore);
  const deleted = await running.call('deleteLoadBalancer', { params: { loadBalancerId: all.id } });
  await cancel(deleted.operationId);
  assert.deepEqual(await zonesOf(), asBefore);

  const params = { loadBalancerId: web.id };
  const moved = await running.refused('updateLoadBalancer', { params, body: { zones: ['zone-b', 'zone-a'] } });
  assert.deepEqual(told(moved), ['validation-failed', '/zones/0', 'zone-a']);
  const clone = await running.call('cloneLoadBalancer', { params, body: {} });
  assert.deepEqual([clone.region, clone.zones], ['north', ['zone-a']]);
  assert.deepEqual((await running.call('updateLoadBalancer', { params, body: { zones: [] } })).zones, ['zone-a']);
});
