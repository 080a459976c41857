import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Problem } from '@evenkeel/model/problem.ts';
import { FakeAgent } from './fake-agent.ts';
import { Running } from './running.ts';
import { shop } from './shop.ts';

test('only so many load balancers of a region are deleted within five minutes, by whatever call', async (t) => {
  const running = await Running.start(t);
  await running.call('createRegion', { body: { name: 'north' } });
  await running.call('updateQuotas', { body: { quotas: { loadBalancerDeletions: 3 } } });
  const create = async (name: string, more = {}) =>
    (await running.call('createLoadBalancer', { body: { name, ...more } })).id;
  const ids = [];
  for (const name of ['a', 'b', 'c', 'd']) ids.push(await create(name));
  const [a, b, c, d] = ids;
  const all = await running.try('deleteLoadBalancers', { body: { loadBalancerIds: ids } });
  const { code, errors, quota: never } = all.body as Problem;
  assert.deepEqual([all.status, code, all.headers.get('retry-after')], [409, 'quota-exceeded', null]);
  assert.deepEqual(never, { name: 'loadBalancerDeletions', limit: 3, used: 0 });
  const reason = 'more than 3 load balancers of region local cannot be deleted in one change';
  assert.deepEqual(errors, [{ field: '/loadBalancerIds', reason, allowed: 3 }], 'four at once are too many, always');
  assert.equal((await running.call('listLoadBalancers')).items.length, 4, 'and none of them is gone');

  await running.call('deleteLoadBalancers', { body: { loadBalancerIds: [a, b] } });
  const change = (loadBalancerId: string | { $ref: string }) => ({
    operation: 'deleteLoadBalancer',
    params: { loadBalancerId },
  });
  const born = { operation: 'createLoadBalancer', ref: 'new', body: { name: 'new' } };
  const undone = [born, change({ $ref: 'new' }), change(c!)];
  await running.call('createChangeSet', { body: { changes: undone } });
  const planned = await running.call('createChangeSet', { body: { changes: [change(c!)] } });
  await running.call('applyChangeSet', { params: { changeSetId: planned.id } });
  const params = { loadBalancerId: d! };
  const refused = await running.refused('deleteLoadBalancer', { params, query: { force: 'true' } });
  assert.deepEqual(
    [refused.code, refused.status, refused.quota],
    ['deletions-limited', 429, { name: 'loadBalancerDeletions', limit: 3, used: 3 }],
  );
  const changeSet = await running.refused('createChangeSet', { body: { changes: [change(d!)] } });
  assert.equal(changeSet.code, 'deletions-limited', 'a plan says so, too');
  const [quota] = (await running.call('listQuotas', { query: { name: 'loadBalancerDeletions' } })).items;
  const [region] = (await running.call('listRegions', { query: { name: 'local' } })).items;
  assert.deepEqual([quota!.used, quota!.per, quota!.parentId], [3, 'region', region!.id]);

  const north = await create('north', { region: 'north' });
  await running.call('deleteLoadBalancer', { params: { loadBalancerId: north } });
  await running.call('createTenant', { body: { name: 'other' } });
  const headers = { 'evenkeel-tenant': 'other' };
  const theirs = await running.call('createLoadBalancer', { headers, body: { name: 'theirs' } });
  await running.call('deleteLoadBalancer', { headers, params: { loadBalancerId: theirs.id } });
  await running.call('updateQuotas', { body: { quotas: { loadBalancerDeletions: 4 } } });
  await running.call('deleteLoadBalancer', { params });
});

test('what the deletion of a load balancer would mean, and that it has not happened', async (t) => {
  const running = await Running.start(t);
  const { lb, listener } = await shop(running);
  const { id: elasticIpId } = await running.call('createElasticIp', { body: { name: 'public' } });
  await running.call('associateElasticIp', { params: { elasticIpId }, body: lb });
  const preview = (query = {}) => running.call('getLoadBalancerDeletion', { params: lb, query });
  const agent = await FakeAgent.connect(running);
  agent.answers = ({ kind }) =>
    kind === 'connections'
      ? { answer: { listeners: [{ listenerId: listener.listenerId, activeConnections: 12 }] } }
      : undefined;
  const before = await running.call('listRevisions');
  await running.call('getOperation', {
    params: { operationId: before.items[0]!.operationId! },
    query: { wait: 'applied', timeout: 60 },
  });

  const kept = await preview();
  assert.deepEqual(
    kept.changes.map(({ action, kind, name, fields }) => [action, kind, name, fields.length]),
    [
      ['deleted', 'loadBalancer', 'shop', 0],
      ['deleted', 'listener', 'web', 0],
      ['deleted', 'backendService', 'web', 0],
      ['deleted', 'targetGroup', 'web', 0],
      ['deleted', 'target', '10.0.0.1', 0],
      ['deleted', 'target', '10.0.0.2', 0],
      ['updated', 'elasticIp', 'public', 1],
    ],
  );
  assert.deepEqual([kept.summary, kept.hindrances], [{ created: 0, updated: 1, deleted: 6 }, []]);
  assert.deepEqual(
    kept.impact.listeners.map(({ name, effect, connections }) => [name, effect, connections]),
    [['web', 'ended', 12]],
  );
  const released = await preview({ releaseElasticIp: 'true' });
  assert.deepEqual([released.summary.deleted, released.changes.at(-1)!.action], [7, 'deleted']);

  await running.call('updateLoadBalancer', { params: lb, body: { deletionProtection: true } });
  await running.call('updateQuotas', { body: { quotas: { loadBalancerDeletions: 0 } } });
  const many = Array.from({ length: 18 }, (_, i) => ({ address: `10.0.1.${i + 1}` }));
  const [group] = (await running.call('listTargetGroups')).items;
  await running.call('registerTargets', { params: { targetGroupId: group!.id }, body: { targets: many } });
  const codes = async (query = {}) => (await preview(query)).hindrances.map(({ code }) => code);
  assert.deepEqual(await codes(), ['deletion-protected', 'deletion-guarded', 'quota-exceeded']);
  assert.deepEqual(await codes({ force: 'true' }), ['deletion-protected', 'quota-exceeded']);
  const [protectedBy, guarded] = (await preview()).hindrances;
  assert.equal(protectedBy!.detail, 'deletion protection of shop is on');
  assert.match(guarded!.detail, /^shop has 20 targets; /);

  assert.equal((await running.call('listRevisions')).items.length, before.items.length + 2, 'asking changes nothing');
  assert.equal((await running.call('getElasticIp', { params: { elasticIpId } })).loadBalancerId, lb.loadBalancerId);
  const unknown = { loadBalancerId: 'lb-01hf7yat018zv6cc00' };
  assert.equal((await running.refused('getLoadBalancerDeletion', { params: unknown })).code, 'resource-not-found');
});

test('an elastic IP is kept, or released with its load balancer in the same change', async (t) => {
  const running = await Running.start(t);
  const create = async (name: string) => {
    const { id } = await running.call('createElasticIp', { body: { name } });
    return { eip: id, lb: (await running.call('createLoadBalancer', { body: { name, elasticIp: name } })).id };
  };
  const [one, two, three, four] = [await create('a'), await create('b'), await create('c'), await create('d')];
  await running.call('deleteLoadBalancer', { params: { loadBalancerId: one.lb } });
  const left = await running.call('getElasticIp', { params: { elasticIpId: one.eip } });
  assert.equal(left.loadBalancerId, null);
  const query = { releaseElasticIp: 'true' };
  await running.call('deleteLoadBalancer', { params: { loadBalancerId: two.lb }, query });
  const [revision] = (await running.call('listRevisions')).items;
  assert.equal(revision!.summary.deleted, 2);
  const plain = await running.call('createLoadBalancer', { body: { name: 'plain' } });
  const loadBalancerIds = [three.lb, four.lb, plain.id];
  await running.call('deleteLoadBalancers', { body: { loadBalancerIds, releaseElasticIp: true } });
  assert.deepEqual(
    (await running.call('listElasticIps')).items.map(({ name }) => name),
    ['a'],
  );
});

test('who may not delete what goes with a load balancer is told nothing of it, and deletes neither', async (t) => {
  const running = await Running.start(t);
  await running.call('createElasticIp', { body: { name: 'public', tags: { keep: 'yes' } } });
  const { id } = await running.call('createLoadBalancer', { body: { name: 'web', elasticIp: 'public' } });
  const statements = [{ effect: 'deny' as const, actions: ['deleteElasticIp'], tags: { keep: 'yes' } }];
  const { id: policy } = await running.call('createAccessPolicy', { body: { name: 'keeps', statements } });
  const ann = { name: 'ann', role: 'operator' as const, accessPolicyIds: [policy] };
  const { id: userId } = await running.call('createUser', { body: ann });
  const { token } = await running.call('createToken', { body: { userId } });
  const release = { params: { loadBalancerId: id }, query: { releaseElasticIp: 'true' }, token };
  assert.equal((await running.refused('getLoadBalancerDeletion', release)).code, 'forbidden');
  assert.equal((await running.refused('deleteLoadBalancer', release)).code, 'forbidden');
  await running.call('deleteLoadBalancer', { params: { loadBalancerId: id }, token });
});
