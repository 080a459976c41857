import assert from 'node:assert/strict';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { test } from 'node:test';
import type { Problem } from '@evenkeel/model/problem.ts';
import { DEFAULT_SUBNET } from '@evenkeel/model/resources/subnet.ts';
import { DEFAULT_VPC } from '@evenkeel/model/resources/vpc.ts';
import { DEFAULT_POOLS } from '../src/options.ts';
import { network, network6 } from '../src/resources/addresses.ts';
import { Running } from './running.ts';
import { fieldsOf, usersOf } from './shop.ts';

const SMALL = { name: 'a', cidr: '10.20.1.0/29' };

async function office(running: Running) {
  const vpc = await running.call('createVpc', { body: { name: 'office', cidrs: ['10.20.0.0/16', 'FD20:0::/48'] } });
  const subnet = await running.call('createSubnet', { body: { vpcId: vpc.id, ...SMALL } });
  return { vpc, subnet, params: { subnetId: subnet.id } };
}

const told = ({ code, errors }: Problem) => [code, errors?.[0]?.field, errors?.[0]?.allowed];

test('every tenant has a default network, with the addresses of the pool', async (t) => {
  const pools = { vip: network('127.77.0.0/29'), elasticIp: network('127.88.0.0/29'), vip6: network6('fd77::/64') };
  const running = await Running.start(t, { pools });
  const { subnetId, vip } = await running.call('createLoadBalancer', { body: { name: 'web' } });
  assert.deepEqual([subnetId, vip], [DEFAULT_SUBNET.id, '127.77.0.1']);
  await running.call('createLoadBalancer', { body: { name: 'six', vip: 'fd77::6' } });
  const [vpc] = (await running.call('listVpcs')).items;
  assert.deepEqual([vpc!.id, vpc!.builtIn, vpc!.cidrs], [DEFAULT_VPC.id, true, ['127.77.0.0/29', 'fd77::/64']]);
  const subnet = await running.call('getSubnet', { params: { subnetId } });
  assert.deepEqual([subnet.cidr, subnet.onRequest], ['127.77.0.0/29', ['127.0.0.0/8', 'fd77::/64']]);
  assert.deepEqual(subnet.usage, { total: 8, reserved: 2, used: 1, free: 5 });
  const used = await running.call('listSubnetAddresses', { params: { subnetId } });
  assert.deepEqual(
    used.items.map(({ address, usedBy }) => [address, usedBy?.name]),
    [
      ['127.77.0.1', 'web'],
      ['fd77::6', 'six'],
    ],
  );
  const refused = await running.refused('updateSubnet', { params: { subnetId }, body: { zone: 'a' } });
  assert.equal(refused.code, 'built-in');
  const within = { vpcId: DEFAULT_VPC.id, ...SMALL };
  assert.equal((await running.refused('createSubnet', { body: within })).code, 'built-in');
  const twin = await running.refused('createVpc', { body: { name: 'default', cidrs: ['10.0.0.0/8'] } });
  assert.deepEqual([twin.code, fieldsOf(twin)], ['name-taken', ['/name']]);
});

test('a load balancer has its VIP of its subnet: a free one, or the one that is asked for', async (t) => {
  const running = await Running.start(t);
  const { vpc, subnet, params } = await office(running);
  assert.deepEqual(vpc.cidrs, ['10.20.0.0/16', 'fd20::/48']);
  assert.deepEqual([subnet.gateway, subnet.usage.free], ['10.20.1.1', 5]);
  const create = (name: string, vip?: string) =>
    running.call('createLoadBalancer', { body: { name, subnet: 'a', ...(vip && { vip }) } });
  const web = await create('web');
  assert.deepEqual([web.vip, web.subnetId], ['10.20.1.2', subnet.id]);
  assert.equal((await create('mail', '10.20.1.4')).vip, '10.20.1.4');

  const refused = async (vip: string) =>
    told(await running.refused('createLoadBalancer', { body: { subnet: 'a', vip } }));
  const allowed = '10.20.1.0/29 without 10.20.1.0-10.20.1.1, 10.20.1.7';
  for (const vip of ['10.20.1.0', '10.20.1.1', '10.20.1.7', '10.20.2.2', '127.77.0.9', 'fd20::5']) {
    assert.deepEqual(await refused(vip), ['address-not-allowed', '/vip', allowed], vip);
  }
  assert.deepEqual(await refused('10.20.1.2'), ['address-taken', '/vip', 'a free one, such as 10.20.1.5']);
  assert.equal((await create('c')).vip, '10.20.1.5', 'after the one that was given last');
  assert.equal((await create('d')).vip, '10.20.1.6');
  const free = await running.call('listSubnetAddresses', { params, query: { state: 'free' } });
  assert.deepEqual(free.items, [{ address: '10.20.1.3', state: 'free', usedBy: null }]);
  assert.equal((await create('e')).vip, '10.20.1.3');
  assert.equal((await running.refused('createLoadBalancer', { body: { subnet: 'a' } })).code, 'addresses-exhausted');
  assert.deepEqual((await running.call('getSubnet', { params })).usage, { total: 8, reserved: 3, used: 5, free: 0 });

  const first = await running.call('listSubnetAddresses', { params, query: { limit: 2 } });
  assert.deepEqual(
    first.items.map(({ address }) => address),
    ['10.20.1.2', '10.20.1.3'],
  );
  const second = await running.call('listSubnetAddresses', { params, query: { cursor: first.nextCursor! } });
  assert.deepEqual(
    second.items.map(({ usedBy }) => usedBy?.name),
    ['mail', 'c', 'd'],
  );
  const unknown = await running.refused('createLoadBalancer', { body: { subnet: 'b' } });
  assert.deepEqual(told(unknown).slice(0, 2), ['reference-not-found', '/subnet']);
});

test('pages of free addresses go on where the last one ended', async (t) => {
  const running = await Running.start(t);
  const vpc = await running.call('createVpc', { body: { name: 'large', cidrs: ['10.0.0.0/8'] } });
  const body = { vpcId: vpc.id, name: 'all', cidr: '10.0.0.0/8', reserved: ['10.0.0.4/30'] };
  const { id: subnetId } = await running.call('createSubnet', { body });
  const query = { state: 'free', limit: 3 } as const;
  const first = await running.call('listSubnetAddresses', { params: { subnetId }, query });
  const next = { ...query, cursor: first.nextCursor! };
  const second = await running.call('listSubnetAddresses', { params: { subnetId }, query: next });
  const addresses = [...first.items, ...second.items].map(({ address }) => address);
  assert.deepEqual(addresses, ['10.0.0.2', '10.0.0.3', '10.0.0.8', '10.0.0.9', '10.0.0.10', '10.0.0.11']);
});

test('the VIP changes to another free address of the subnet, and the old one is free', async (t) => {
  const running = await Running.start(t);
  await office(running);
  const listeners = [{ protocol: 'http' as const, port: 80 }];
  const { id } = await running.call('createLoadBalancer', { body: { name: 'web', subnet: 'a', listeners } });
  const other = await running.call('createLoadBalancer', { body: { name: 'other', subnet: 'a' } });
  const params = { loadBalancerId: id };
  const refused = await running.refused('updateLoadBalancer', { params, body: { vip: '10.20.1.3' } });
  assert.deepEqual(told(refused), ['address-taken', '/vip', 'a free one, such as 10.20.1.4']);
  const outside = await running.refused('updateLoadBalancer', { params, body: { vip: '127.77.0.1' } });
  assert.equal(outside.code, 'address-not-allowed');
  const changed = await running.call('updateLoadBalancer', { params, body: { vip: '10.20.1.6' } });
  assert.equal(changed.vip, '10.20.1.6');
  const same = await running.call('updateLoadBalancer', { params, body: { vip: '10.20.1.6' } });
  assert.equal(same.generation, changed.generation);
  const [listener] = (await running.call('listListeners')).items;
  assert.deepEqual(listener!.addresses, ['10.20.1.6']);
  const old = { params: { loadBalancerId: other.id }, body: { vip: '10.20.1.2' } };
  assert.equal((await running.call('updateLoadBalancer', old)).vip, '10.20.1.2');
  await running.restart();
  assert.equal((await running.call('getLoadBalancer', { params })).vip, '10.20.1.6');
  const [, before] = (await running.call('listRevisions')).items;
  await running.call('rollBack', { params: { revisionId: before!.id }, body: {} });
  assert.equal((await running.call('getLoadBalancer', { params: old.params })).vip, '10.20.1.3');
});

test('what is in use stays, and who uses it is told', async (t) => {
  const running = await Running.start(t);
  const { vpc, subnet, params } = await office(running);
  await running.call('createLoadBalancer', { body: { name: 'web', subnet: 'a' } });
  const used = await running.refused('deleteSubnet', { params });
  assert.deepEqual([used.code, usersOf(used)], ['resource-in-use', ['web']]);
  const deleted = await running.refused('deleteVpc', { params: { vpcId: vpc.id } });
  assert.deepEqual([deleted.code, usersOf(deleted)], ['resource-in-use', ['a']]);
  const narrow = await running.refused('updateVpc', { params: { vpcId: vpc.id }, body: { cidrs: ['10.20.2.0/24'] } });
  assert.deepEqual([narrow.code, fieldsOf(narrow), usersOf(narrow)], ['resource-in-use', ['/cidrs'], ['a']]);
  for (const [body, field] of [
    [{ gateway: '10.20.1.2' }, '/gateway'],
    [{ reserved: ['10.20.1.2/31'] }, '/reserved'],
  ] as const) {
    const problem = await running.refused('updateSubnet', { params, body });
    assert.deepEqual([problem.code, fieldsOf(problem), usersOf(problem)], ['resource-in-use', [field], ['web']]);
  }
  const changed = await running.call('updateSubnet', { params, body: { gateway: null, reserved: ['10.20.1.6'] } });
  assert.deepEqual([changed.gateway, changed.reserved, changed.usage.free], [null, ['10.20.1.6/32'], 4]);
  await running.call('updateVpc', { params: { vpcId: vpc.id }, body: { cidrs: ['10.20.1.0/24'] } });
  await running.call('deleteLoadBalancer', {
    params: { loadBalancerId: (await running.call('listLoadBalancers')).items[0]!.id },
  });
  await running.call('deleteSubnet', { params: { subnetId: subnet.id } });
  await running.call('deleteVpc', { params: { vpcId: vpc.id } });
});

test('networks that cannot be are refused with the field', async (t) => {
  const pools = { vip: network('127.77.0.0/29'), elasticIp: network('127.88.0.0/29'), vpcNetworks: ['10.0.0.0/8'] };
  const running = await Running.start(t, { pools });
  const vpc = async (...cidrs: string[]) =>
    told(await running.refused('createVpc', { body: { name: 'v', cidrs } })).slice(0, 2);
  assert.deepEqual(await vpc('192.168.0.0/16'), ['address-not-allowed', '/cidrs/0']);
  assert.deepEqual(await vpc('10.0.0.0/7'), ['validation-failed', '/cidrs/0']);
  assert.deepEqual(await vpc('10.0.0.0/29'), ['validation-failed', '/cidrs/0']);
  assert.deepEqual(await vpc('10.0.0.0/16', '10.0.1.0/24'), ['validation-failed', '/cidrs/1']);
  assert.deepEqual(await vpc('10.0.0.1/16'), ['validation-failed', '/cidrs/0']);
  const { id: vpcId } = await running.call('createVpc', { body: { name: 'v', cidrs: ['10.1.0.0/16'] } });
  await running.call('createSubnet', { body: { vpcId, name: 'first', cidr: '10.1.1.0/24' } });
  const subnet = async (body: object) =>
    told(await running.refused('createSubnet', { body: { vpcId, name: 's', cidr: '10.1.2.0/24', ...body } }));
  assert.deepEqual(await subnet({ cidr: '10.2.0.0/24' }), ['validation-failed', '/cidr', '10.1.0.0/16']);
  assert.deepEqual((await subnet({ cidr: '10.1.0.0/23' })).slice(0, 2), ['network-taken', '/cidr']);
  assert.deepEqual(await subnet({ cidr: '10.1.2.0/30' }), ['validation-failed', '/cidr', '/8 to /29']);
  assert.deepEqual(await subnet({ gateway: '10.1.3.1' }), ['validation-failed', '/gateway', '10.1.2.0/24']);
  assert.deepEqual(await subnet({ reserved: ['10.1.2.9', '10.1.0.0/16'] }), [
    'validation-failed',
    '/reserved/1',
    '10.1.2.0/24',
  ]);
  assert.deepEqual((await subnet({ name: 'first' })).slice(0, 2), ['name-taken', '/name']);
  assert.deepEqual((await subnet({ vpcId: 'vpc-01hf7yat018zv6cc00' })).slice(0, 2), ['reference-not-found', '/vpcId']);
});

test('without a word of whoever runs the installation, VPCs are of loopback alone', async (t) => {
  const running = await Running.start(t, { pools: DEFAULT_POOLS });
  for (const cidr of [
    '10.0.0.0/8',
    '172.16.0.0/16',
    '192.168.1.0/24',
    '100.64.0.0/16',
    '203.0.113.0/24',
    'fd00::/48',
  ]) {
    const refused = await running.refused('createVpc', { body: { name: 'v', cidrs: ['127.9.0.0/16', cidr] } });
    const [code, field, allowed] = told(refused);
    assert.deepEqual([code, field], ['address-not-allowed', '/cidrs/1'], cidr);
    assert.match(String(allowed), /^127\.0\.0\.0\/8; .*--vpc-network/);
  }
  const vpcs = [{ name: 'office', cidrs: ['10.20.0.0/16'] }];
  const applied = await running.refused('applyConfiguration', { body: { vpcs } });
  assert.deepEqual(told(applied).slice(0, 2), ['address-not-allowed', '/vpcs/0/cidrs/0']);
  const { id: vpcId } = await running.call('createVpc', { body: { name: 'here', cidrs: ['127.9.0.0/16'] } });
  const wider = await running.refused('updateVpc', {
    params: { vpcId },
    body: { cidrs: ['127.9.0.0/16', '10.0.0.0/8'] },
  });
  assert.deepEqual(told(wider).slice(0, 2), ['address-not-allowed', '/cidrs/1']);
});

test('a VPC keeps networks that are allowed no more, and does not come back with them', async (t) => {
  const running = await Running.start(t);
  const { vpc, subnet } = await office(running);
  const params = { vpcId: vpc.id };
  await running.restart(() => {}, { pools: DEFAULT_POOLS });
  const narrower = await running.call('updateVpc', { params, body: { cidrs: ['10.20.0.0/17'] } });
  assert.deepEqual(narrower.cidrs, ['10.20.0.0/17']);
  const wider = await running.refused('updateVpc', { params, body: { cidrs: vpc.cidrs } });
  assert.deepEqual(told(wider).slice(0, 2), ['address-not-allowed', '/cidrs/0']);
  await running.call('deleteSubnet', { params: { subnetId: subnet.id } });
  const [before] = (await running.call('listRevisions')).items;
  await running.call('deleteVpc', { params });
  const back = await running.refused('rollBack', { params: { revisionId: before!.id }, body: {} });
  assert.deepEqual(told(back).slice(0, 2), ['address-not-allowed', '/vpcs/office/cidrs/0']);
});

test('the zone of a subnet is one that there is, and stays while the subnet names it', async (t) => {
  const running = await Running.start(t);
  const { vpc, params } = await office(running);
  const another = { vpcId: vpc.id, name: 'b', cidr: '10.20.2.0/24', zone: 'nowhere' };
  const created = await running.refused('createSubnet', { body: another });
  assert.deepEqual(told(created), ['reference-not-found', '/zone', 'local']);
  const patched = await running.refused('updateSubnet', { params, body: { zone: 'nowhere' } });
  assert.deepEqual(told(patched), ['reference-not-found', '/zone', 'local']);
  const zone = await running.call('createZone', { body: { name: 'hall-1' } });
  assert.equal((await running.call('updateSubnet', { params, body: { zone: 'hall-1' } })).zone, 'hall-1');
  const used = await running.refused('deleteZone', { params: { zoneId: zone.id } });
  assert.deepEqual([used.code, usersOf(used)], ['resource-in-use', ['a']]);
  assert.equal((await running.call('updateSubnet', { params, body: { zone: '' } })).zone, '');
  await running.call('deleteZone', { params: { zoneId: zone.id } });
  await running.restart(() => {
    using database = new DatabaseSync(join(running.home, 'state', 'evenkeel.db'));
    database.exec(`UPDATE subnet SET settings = json_set(settings, '$.zone', 'of-old')`);
  });
  const kept = await running.call('updateSubnet', { params, body: { zone: 'of-old', description: 'x' } });
  assert.deepEqual([kept.zone, kept.description], ['of-old', 'x']);
});

test('an address is given once, also where tenants have the same networks', async (t) => {
  const running = await Running.start(t);
  const { params } = await office(running);
  await running.call('createLoadBalancer', { body: { name: 'web', subnet: 'a' } });
  await running.call('createTenant', { body: { name: 'team' } });
  const headers = { 'evenkeel-tenant': 'team' };
  const vpc = await running.call('createVpc', { headers, body: { name: 'office', cidrs: ['10.20.0.0/16'] } });
  const theirs = await running.call('createSubnet', { headers, body: { vpcId: vpc.id, ...SMALL } });
  assert.deepEqual(theirs.usage, { total: 8, reserved: 3, used: 1, free: 4 });
  const { vip } = await running.call('createLoadBalancer', { headers, body: { name: 'web', subnet: 'a' } });
  assert.equal(vip, '10.20.1.3');
  const listed = await running.call('listSubnetAddresses', { headers, params: { subnetId: theirs.id } });
  assert.deepEqual(
    listed.items.map(({ address }) => address),
    ['10.20.1.3'],
    'who has the others is not told',
  );
  const query = { state: 'free' } as const;
  const free = await running.call('listSubnetAddresses', { headers, params: { subnetId: theirs.id }, query });
  assert.deepEqual(
    free.items.map(({ address }) => address),
    ['10.20.1.4', '10.20.1.5', '10.20.1.6'],
    'what others have cannot be asked for',
  );
  assert.equal((await running.refused('getSubnet', { headers, params })).code, 'resource-not-found');
  const foreign = { headers, body: { name: 'b', subnet: params.subnetId } };
  assert.equal((await running.refused('createLoadBalancer', foreign)).code, 'reference-not-found');
});

test('documents make VPCs and their subnets, move VIPs, and name subnets', async (t) => {
  const running = await Running.start(t);
  const vpcs = [{ name: 'office', cidrs: ['10.20.0.0/16'], subnets: [SMALL] }];
  const document = { vpcs, loadBalancers: [{ name: 'web', subnet: 'a', vip: '10.20.1.5' }] };
  const first = await running.call('applyConfiguration', { body: document });
  assert.deepEqual(first.summary, { created: 3, updated: 0, deleted: 0, unchanged: 0 });
  const again = await running.call('applyConfiguration', { body: document });
  assert.deepEqual(again.summary, { created: 0, updated: 0, deleted: 0, unchanged: 3 });
  const moved = { ...document, loadBalancers: [{ name: 'web', vip: '10.20.1.6' }] };
  const changed = await running.call('applyConfiguration', { body: moved });
  assert.deepEqual(
    changed.changes.flatMap(({ fields }) => fields),
    [{ field: 'vip', before: '10.20.1.5', after: '10.20.1.6' }],
  );
  const other = { loadBalancers: [{ name: 'web', subnet: 'default' }] };
  const refused = await running.refused('applyConfiguration', { body: other });
  assert.deepEqual(told(refused), ['immutable-field', '/loadBalancers/0/subnet', 'a']);
  const larger = { ...document, vpcs: [{ ...vpcs[0]!, subnets: [{ ...SMALL, cidr: '10.20.1.0/28' }] }] };
  const fixed = await running.refused('applyConfiguration', { body: larger });
  assert.deepEqual(told(fixed).slice(0, 2), ['immutable-field', '/vpcs/0/subnets/0/cidr']);
  const copy = await running.call('cloneLoadBalancer', {
    params: { loadBalancerId: (await running.call('listLoadBalancers')).items[0]!.id },
    body: {},
  });
  assert.equal(copy.vip, '10.20.1.2', 'of the same subnet');
});
