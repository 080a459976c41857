import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Running } from './running.ts';
import { ROOT, SITE, upload } from './tls.ts';

test('load balancers are listed by a tag, with its value or with any, in pages', async (t) => {
  const running = await Running.start(t);
  const tagged = { shop: { team: 'shop', formula: 'a=b' }, pay: { team: 'pay' }, plain: {} };
  for (const [name, tags] of Object.entries(tagged)) {
    await running.call('createLoadBalancer', { body: { name, tags } });
  }
  const named = async (tag: string) =>
    (await running.call('listLoadBalancers', { query: { tag } })).items.map(({ name }) => name);
  assert.deepEqual(await named('team=shop'), ['shop']);
  assert.deepEqual(await named('team'), ['shop', 'pay']);
  assert.deepEqual(await named('formula=a=b'), ['shop']);
  assert.deepEqual(await named('formula=a'), []);
  assert.deepEqual(await named('toString'), []);
  const first = await running.call('listLoadBalancers', { query: { tag: 'team', limit: 1 } });
  const next = await running.call('listLoadBalancers', { query: { tag: 'team', limit: 1, cursor: first.nextCursor! } });
  assert.deepEqual([first.items[0]!.name, next.items[0]!.name], ['shop', 'pay']);
  assert.equal((await running.refused('listLoadBalancers', { query: { tag: '' } })).code, 'validation-failed');
});

test('so is everything else that has tags', async (t) => {
  const running = await Running.start(t);
  const tags = { team: 'shop' };
  const create = async (tagged: object) => {
    const suffix = Object.keys(tagged).length === 0 ? 'plain' : 'tagged';
    const { id: loadBalancerId } = await running.call('createLoadBalancer', { body: { name: suffix, ...tagged } });
    const inside = { loadBalancerId, name: suffix, ...tagged };
    await running.call('createTargetGroup', { body: inside });
    await running.call('createRuleGroup', { body: inside });
    await running.call('createBackendService', { body: { ...inside, protocol: 'tcp', port: 1 } });
    await running.call('createListener', { body: { ...inside, protocol: 'tcp', port: 1 } });
    const own = { name: suffix, ...tagged };
    await running.call('createElasticIp', { body: own });
    await running.call('createCertificate', { body: upload(SITE, own) });
    await running.call('createAuthority', { body: { ...own, certificates: ROOT.certificate } });
    const policy = { ...own, versions: ['1.3'], ciphers: ['TLS_AES_128_GCM_SHA256'] };
    await running.call('createSecurityPolicy', { body: policy });
    const rules = [{ action: 'allow', source: '0.0.0.0/0' }];
    await running.call('createSecurityGroup', { body: { ...own, rules } });
    const octet = suffix === 'plain' ? 1 : 2;
    const vpc = await running.call('createVpc', { body: { ...own, cidrs: [`10.${octet}.0.0/16`] } });
    await running.call('createSubnet', { body: { ...own, vpcId: vpc.id, cidr: `10.${octet}.1.0/24` } });
  };
  await create({});
  await create({ tags });
  for (const list of [
    'listLoadBalancers',
    'listListeners',
    'listBackendServices',
    'listTargetGroups',
    'listRuleGroups',
    'listElasticIps',
    'listCertificates',
    'listAuthorities',
    'listSecurityPolicies',
    'listSecurityGroups',
    'listVpcs',
    'listSubnets',
  ] as const) {
    const { items } = await running.call(list, { query: { tag: 'team=shop' } });
    assert.deepEqual(
      items.map(({ name }) => name),
      ['tagged'],
      list,
    );
  }
});
