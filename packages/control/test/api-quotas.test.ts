import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DEFAULT_QUOTAS } from '@evenkeel/model/limits.ts';
import { Running } from './running.ts';

test('quotas tell limit and use, of the tenant and of each parent, and are changed one by one', async (t) => {
  const running = await Running.start(t);
  const listeners = [80, 81].map((port) => ({ protocol: 'http' as const, port, service: { targets: [] } }));
  const { id } = await running.call('createLoadBalancer', { body: { name: 'web', listeners } });
  await running.call('createLoadBalancer', { body: { name: 'empty', listeners: [] } });
  const quota = async (name: string, query: object = {}, headers = {}) =>
    (await running.call('listQuotas', { query: { name, ...query }, headers })).items;
  assert.deepEqual(await quota('loadBalancers'), [
    { name: 'loadBalancers', limit: 200, installationLimit: 200, used: 2, per: 'tenant', parentId: null },
  ]);
  const [most] = await quota('listenersPerLoadBalancer');
  assert.deepEqual([most!.used, most!.limit, most!.parentId], [2, 50, id], 'the parent that has most');
  const { items: within } = await running.call('listQuotas', { query: { parentId: id } });
  assert.deepEqual(
    within.map(({ name, used }) => [name, used]),
    [
      ['listenersPerLoadBalancer', 2],
      ['backendServicesPerLoadBalancer', 2],
      ['targetGroupsPerLoadBalancer', 2],
      ['ruleGroupsPerLoadBalancer', 0],
    ],
  );
  assert.equal((await running.call('listQuotas')).items.length, Object.keys(DEFAULT_QUOTAS).length);
  const gone = await running.refused('listQuotas', { query: { parentId: 'lb-000000000000000000' } });
  assert.equal(gone.code, 'resource-not-found');

  await running.call('createTenant', { body: { name: 'shop', quotas: { users: 7 } } });
  const shop = { 'evenkeel-tenant': 'shop' };
  await running.call('updateQuotas', { body: { quotas: { elasticIps: 0 } }, headers: shop });
  assert.deepEqual((await running.call('getTenant', { params: { tenantId: await shopId(running) } })).quotas, {
    users: 7,
    elasticIps: 0,
  });
  const full = await running.refused('createElasticIp', { body: {}, headers: shop });
  assert.deepEqual([full.code, full.quota], ['quota-exceeded', { name: 'elasticIps', limit: 0, used: 0 }]);
  const { items } = await running.call('updateQuotas', { body: { quotas: { elasticIps: null } }, headers: shop });
  const back = items.find(({ name }) => name === 'elasticIps')!;
  assert.deepEqual([back.limit, back.installationLimit], [100, 100]);
  await running.call('createElasticIp', { body: {}, headers: shop });
  assert.equal((await quota('elasticIps'))[0]!.used, 0, 'of another tenant');
});

test('a tenant sees its own quotas alone, and changes none', async (t) => {
  const running = await Running.start(t);
  const { id: userId } = await running.call('createUser', { body: { name: 'ann', role: 'admin' } });
  const { token } = await running.call('createToken', { body: { userId } });
  const { items } = await running.call('listQuotas', { token });
  assert.ok(items.every(({ name }) => name !== 'nodes' && name !== 'tenants'));
  assert.deepEqual((await running.call('listQuotas', { token, query: { name: 'nodes' } })).items, []);
  const [tokens] = (await running.call('listQuotas', { token, query: { name: 'tokensPerUser' } })).items;
  assert.deepEqual([tokens!.used, tokens!.parentId, tokens!.per], [1, userId, 'user']);
  assert.equal((await running.refused('updateQuotas', { token, body: { quotas: { users: 1 } } })).code, 'forbidden');
  const wrong = await running.refused('updateQuotas', { body: { quotas: { nodes: 1 } } });
  assert.deepEqual([wrong.code, wrong.errors![0]!.field], ['validation-failed', '/quotas/nodes']);
});

async function shopId(running: Running): Promise<string> {
  return (await running.call('listTenants', { query: { name: 'shop' } })).items[0]!.id;
}
