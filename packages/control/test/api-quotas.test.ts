import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DEFAULT_QUOTAS, TENANT_QUOTA_NAMES, type TenantQuotaName } from '@evenkeel/model/limits.ts';
import type { Problem } from '@evenkeel/model/problem.ts';
import { Running } from './running.ts';
import { ROOT, SITE, upload } from './tls.ts';

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

test('a tenant blocks no more sources than its quota, which others do not see', async (t) => {
  const running = await Running.start(t);
  await running.call('createTenant', { body: { name: 'shop', quotas: { blockListEntries: 2 } } });
  const headers = { 'evenkeel-tenant': 'shop' };
  const block = (...sources: string[]) => ({ headers, body: { entries: sources.map((source) => ({ source })) } });
  await running.call('blockSources', block('192.0.2.1', '192.0.2.2'));
  await running.call('blockSources', block('192.0.2.1'));
  const full = await running.refused('blockSources', block('192.0.2.3'));
  assert.deepEqual([full.code, full.quota], ['quota-exceeded', { name: 'blockListEntries', limit: 2, used: 2 }]);
  const [quota] = (await running.call('listQuotas', { headers, query: { name: 'blockListEntries' } })).items;
  assert.deepEqual([quota!.used, quota!.limit, quota!.per], [2, 2, 'tenant']);
  await running.call('updateQuotas', { headers, body: { quotas: { blockListEntries: 3 } } });
  await running.call('blockSources', block('192.0.2.3'));
  await running.call('blockSources', { body: { entries: [{ source: '192.0.2.4' }] } });
});

test('every quota is enforced, with its name, limit and use', async (t) => {
  const running = await Running.start(t);
  const web = await running.call('createLoadBalancer', { body: { name: 'web' } });
  const loadBalancerId = web.id;
  const group = await running.call('createTargetGroup', { body: { loadBalancerId, name: 'pool' } });
  const rules = await running.call('createRuleGroup', { body: { loadBalancerId, name: 'rules' } });
  const user = await running.call('createUser', { body: { name: 'ann', role: 'viewer' } });
  const vpc = await running.call('createVpc', { body: { name: 'office', cidrs: ['10.0.0.0/16'] } });
  const allow = [{ action: 'allow' as const, source: '0.0.0.0/0' }];
  const tls = { versions: ['1.3'], ciphers: ['TLS_AES_128_GCM_SHA256'] };
  /** One more of each. Nodes come by themselves: agent-stream.test.ts. Tenants are of the installation. */
  const more: Record<TenantQuotaName, () => Promise<Problem>> = {
    loadBalancers: () => running.refused('createLoadBalancer', { body: { name: 'more' } }),
    listenersPerLoadBalancer: () =>
      running.refused('createListener', { body: { loadBalancerId, protocol: 'tcp', port: 81 } }),
    backendServicesPerLoadBalancer: () =>
      running.refused('createBackendService', { body: { loadBalancerId, name: 's', protocol: 'tcp', port: 82 } }),
    targetGroupsPerLoadBalancer: () => running.refused('createTargetGroup', { body: { loadBalancerId, name: 'g' } }),
    targetsPerTargetGroup: () =>
      running.refused('registerTargets', {
        params: { targetGroupId: group.id },
        body: { targets: [{ address: '10.0.0.1' }] },
      }),
    ruleGroupsPerLoadBalancer: () => running.refused('createRuleGroup', { body: { loadBalancerId, name: 'r' } }),
    rulesPerRuleGroup: () =>
      running.refused('createRule', {
        params: { ruleGroupId: rules.id },
        body: { name: 'r', match: { methods: ['PUT'] }, respond: { status: 404 } },
      }),
    vpcs: () => running.refused('createVpc', { body: { name: 'v', cidrs: ['10.1.0.0/16'] } }),
    subnets: () => running.refused('createSubnet', { body: { vpcId: vpc.id, name: 's', cidr: '10.0.1.0/24' } }),
    elasticIps: () => running.refused('createElasticIp', { body: {} }),
    certificates: () => running.refused('createCertificate', { body: upload(SITE) }),
    authorities: () => running.refused('createAuthority', { body: { certificates: ROOT.certificate } }),
    securityPolicies: () => running.refused('createSecurityPolicy', { body: { name: 'p', ...tls } }),
    securityGroups: () => running.refused('createSecurityGroup', { body: { name: 'g', rules: allow } }),
    users: () => running.refused('createUser', { body: { name: 'bob', role: 'viewer' } }),
    tokensPerUser: () => running.refused('createToken', { body: { userId: user.id } }),
    accessKeysPerUser: () => running.refused('createAccessKey', { body: { userId: user.id } }),
    webhooks: () => running.refused('createWebhook', { body: { name: 'w', url: 'https://127.0.0.1:1/' } }),
    accessPolicies: () =>
      running.refused('createAccessPolicy', { body: { name: 'a', statements: [{ effect: 'deny', actions: ['*'] }] } }),
    blockListEntries: () => running.refused('blockSources', { body: { entries: [{ source: '192.0.2.1' }] } }),
    loadBalancerDeletions: () => running.refused('deleteLoadBalancer', { params: { loadBalancerId } }),
  };
  assert.deepEqual(Object.keys(more).sort(), [...TENANT_QUOTA_NAMES].sort(), 'every quota of tenants has its case');
  const none = Object.fromEntries(TENANT_QUOTA_NAMES.map((name) => [name, 0]));
  await running.call('updateQuotas', { body: { quotas: none } });
  for (const [name, ask] of Object.entries(more)) {
    const { code, quota, status } = await ask();
    assert.deepEqual([code, status, quota?.name, quota?.limit], ['quota-exceeded', 409, name, 0], name);
  }
});
