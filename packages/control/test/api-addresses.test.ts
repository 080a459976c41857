import assert from 'node:assert/strict';
import { test } from 'node:test';
import { network, network6 } from '../src/resources/addresses.ts';
import { Running } from './running.ts';
import { fieldsOf, shop, usersOf } from './shop.ts';

test('addresses have one form, and the same address in another form is the same', async (t) => {
  const running = await Running.start(t);
  const { group } = await shop(running);
  const { targets } = await running.call('registerTargets', {
    params: group,
    body: { targets: [{ address: '2001:DB8:0::1', port: 80 }] },
  });
  assert.deepEqual([targets[0]!.address, targets[0]!.name], ['2001:db8::1', '[2001:db8::1]:80']);
  const twin = await running.refused('registerTargets', {
    params: group,
    body: { targets: [{ address: '2001:db8::0:1', port: 80 }] },
  });
  assert.equal(twin.code, 'target-registered');
  assert.equal(
    (await running.call('listTargets', { params: group, query: { address: '2001:0db8::1' } })).items.length,
    1,
  );
});

test('VIPs: the next of the pool, or a chosen one that is free and allowed', async (t) => {
  const pools = { vip: network('127.77.0.0/29'), elasticIp: network('127.88.0.0/29') };
  const running = await Running.start(t, { pools });
  const vipOf = async (body: object) => (await running.call('createLoadBalancer', { body })).vip;
  assert.equal(await vipOf({}), '127.77.0.1');
  assert.equal(await vipOf({ vip: '127.77.0.2' }), '127.77.0.2');
  assert.equal(await vipOf({}), '127.77.0.3');
  assert.equal(await vipOf({ vip: '127.9.9.9' }), '127.9.9.9', 'any loopback address');
  for (const vip of ['127.0.0.1', '127.0.0.0', '127.255.255.255', '10.0.0.1', '::1']) {
    const problem = await running.refused('createLoadBalancer', { body: { vip } });
    assert.deepEqual([problem.code, fieldsOf(problem)], ['address-not-allowed', ['/vip']], vip);
  }
  const taken = await running.refused('createLoadBalancer', { body: { vip: '127.77.0.1' } });
  assert.equal(taken.code, 'address-taken');
});

test('an elastic IP is on one load balancer, and its address on the listeners', async (t) => {
  const running = await Running.start(t);
  const { lb, listener } = await shop(running);
  const first = await running.call('createElasticIp', { body: { name: 'first' } });
  const second = await running.call('createElasticIp', { body: {} });
  assert.deepEqual([first.address, second.address, second.name], ['127.88.0.1', '127.88.0.2', second.id]);
  const params = { elasticIpId: first.id };
  const associated = await running.call('associateElasticIp', { params, body: lb });
  assert.equal(associated.loadBalancerId, lb.loadBalancerId);
  assert.deepEqual((await running.call('getListener', { params: listener })).addresses, ['127.77.0.1', '127.88.0.1']);
  assert.equal((await running.call('getLoadBalancer', { params: lb })).elasticIpId, first.id);

  const repeated = await running.call('associateElasticIp', { params, body: lb });
  assert.equal(repeated.generation, associated.generation);
  const more = await running.refused('associateElasticIp', { params: { elasticIpId: second.id }, body: lb });
  assert.equal(more.code, 'already-associated');
  const inUse = await running.refused('deleteElasticIp', { params });
  assert.deepEqual([inUse.code, usersOf(inUse)], ['resource-in-use', ['shop']]);

  await running.call('disassociateElasticIp', { params });
  await running.call('disassociateElasticIp', { params });
  assert.deepEqual((await running.call('getListener', { params: listener })).addresses, ['127.77.0.1']);
  await running.call('deleteElasticIp', { params });
  const body = { elasticIp: second.id };
  assert.equal((await running.call('createLoadBalancer', { body })).elasticIpId, second.id, 'chosen at creation');
});

test('an elastic IP has a bandwidth', async (t) => {
  const running = await Running.start(t);
  const eip = await running.call('createElasticIp', { body: { bandwidth: 10 } });
  const params = { elasticIpId: eip.id };
  assert.equal(eip.bandwidth, 10);
  for (const bandwidth of [2_048, null, 1]) {
    assert.equal((await running.call('updateElasticIp', { params, body: { bandwidth } })).bandwidth, bandwidth);
  }
  assert.equal((await running.call('createElasticIp', { body: {} })).bandwidth, null);
  for (const bandwidth of [0, 2_049, 1.5]) {
    const problem = await running.refused('updateElasticIp', { params, body: { bandwidth } });
    assert.deepEqual([problem.code, fieldsOf(problem)], ['validation-failed', ['/bandwidth']]);
  }
});

test('an elastic IP can be taken from its load balancer and deleted in one change', async (t) => {
  const running = await Running.start(t);
  const { lb, listener } = await shop(running);
  const { id } = await running.call('createElasticIp', { body: {} });
  const params = { elasticIpId: id };
  await running.call('associateElasticIp', { params, body: lb });
  const kept = await running.refused('deleteElasticIp', { params, query: { disassociate: 'false' } });
  assert.equal(kept.code, 'resource-in-use');
  await running.call('deleteElasticIp', { params, query: { disassociate: 'true' } });
  assert.equal((await running.call('getLoadBalancer', { params: lb })).elasticIpId, null);
  assert.deepEqual((await running.call('getListener', { params: listener })).addresses, ['127.77.0.1']);
  const free = await running.call('createElasticIp', { body: {} });
  await running.call('deleteElasticIp', { params: { elasticIpId: free.id }, query: { disassociate: 'true' } });
  assert.deepEqual((await running.call('listElasticIps', {})).items, []);
});

test('an IPv6 address can be asked for where there is a network of them, once', async (t) => {
  const pools = { vip: network('127.77.0.0/24'), elasticIp: network('127.88.0.0/24'), vip6: network6('fd77:100::/64') };
  const running = await Running.start(t, { pools });
  const create = (name: string, vip: string) =>
    running.call('createLoadBalancer', { body: { name, type: 'network', vip } });
  assert.equal((await create('six', 'FD77:100:0::10')).vip, 'fd77:100::10');
  assert.equal(
    (await running.refused('createLoadBalancer', { body: { name: 'b', vip: 'fd77:100::10' } })).code,
    'address-taken',
  );
  for (const vip of ['fd77:100::', 'fd77:101::1', '::1']) {
    const problem = await running.refused('createLoadBalancer', { body: { name: 'c', vip } });
    assert.deepEqual([problem.code, fieldsOf(problem)], ['address-not-allowed', ['/vip']], vip);
  }
});
