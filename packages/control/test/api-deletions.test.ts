import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Problem } from '@evenkeel/model/problem.ts';
import { Running } from './running.ts';

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
