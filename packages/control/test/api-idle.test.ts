import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Running } from './running.ts';
import { fieldsOf } from './shop.ts';

const listeners = [{ protocol: 'http' as const, port: 80 }];
const targets = (count: number) => Array.from({ length: count }, (_, i) => ({ address: `10.0.0.${i + 1}` }));
const withTargets = (count: number) => [
  { protocol: 'http' as const, port: 80, service: { port: 80, targets: targets(count) } },
];

test('load balancers that do nothing are listed with the reason, once they are old enough', async (t) => {
  const running = await Running.start(t);
  await running.call('createLoadBalancer', { body: { name: 'empty', deletionProtection: true } });
  await running.call('createLoadBalancer', { body: { name: 'alone', listeners } });
  await running.call('createLoadBalancer', { body: { name: 'busy', listeners: withTargets(1) } });
  const ruleGroups = [
    { name: 'r', rules: [{ name: 'moved', match: { methods: ['GET'] }, redirect: { protocol: 'https' as const } }] },
  ];
  const redirecting = { name: 'redirecting', ruleGroups, listeners: [{ ...listeners[0]!, ruleGroup: 'r' }] };
  await running.call('createLoadBalancer', { body: redirecting });
  assert.deepEqual((await running.call('listIdleLoadBalancers')).items, [], 'none of them is a week old');
  const query = { days: 0 };
  const { items } = await running.call('listIdleLoadBalancers', { query });
  assert.deepEqual(
    items.map(({ name, reason, days, deletionProtection }) => [name, reason, days, deletionProtection]),
    [
      ['empty', 'no-listeners', 0, true],
      ['alone', 'no-targets', 0, false],
    ],
  );
  const first = await running.call('listIdleLoadBalancers', { query: { ...query, limit: 1 } });
  const second = await running.call('listIdleLoadBalancers', { query: { ...query, cursor: first.nextCursor! } });
  assert.deepEqual(
    second.items.map(({ name }) => name),
    ['alone'],
  );
});

test('several load balancers are deleted in one change, or none', async (t) => {
  const running = await Running.start(t);
  const ids: string[] = [];
  for (const name of ['a', 'b', 'c']) ids.push((await running.call('createLoadBalancer', { body: { name } })).id);
  const [a, b, c] = ids;
  await running.call('updateLoadBalancer', { params: { loadBalancerId: c! }, body: { deletionProtection: true } });
  const all = { loadBalancerIds: ids };
  assert.equal((await running.refused('deleteLoadBalancers', { body: all })).code, 'deletion-protected');
  const unknown = { loadBalancerIds: [a, 'lb-01hf7yat018zv6cc00'] };
  assert.equal((await running.refused('deleteLoadBalancers', { body: unknown })).code, 'resource-not-found');
  const twice = await running.refused('deleteLoadBalancers', { body: { loadBalancerIds: [a, a] } });
  assert.equal(twice.code, 'validation-failed');
  assert.equal((await running.call('listLoadBalancers')).items.length, 3);
  const done = await running.call('deleteLoadBalancers', { body: { loadBalancerIds: [a, b] } });
  assert.deepEqual(
    done.deleted.map(({ name }) => name),
    ['a', 'b'],
  );
  assert.deepEqual(
    (await running.call('listLoadBalancers')).items.map(({ name }) => name),
    ['c'],
  );
  const [revision] = (await running.call('listRevisions')).items;
  assert.equal(revision!.summary.deleted, 2);
});

test('what has many targets is deleted when that is forced, or planned', async (t) => {
  const running = await Running.start(t);
  const create = async (name: string, count: number) =>
    (await running.call('createLoadBalancer', { body: { name, listeners: withTargets(count) } })).id;
  await running.call('deleteLoadBalancer', { params: { loadBalancerId: await create('few', 19) } });
  const params = { loadBalancerId: await create('many', 20) };
  const refused = await running.refused('deleteLoadBalancer', { params });
  assert.deepEqual([refused.code, fieldsOf(refused)], ['deletion-guarded', ['query force']]);
  const body = { loadBalancerIds: [params.loadBalancerId] };
  const several = await running.refused('deleteLoadBalancers', { body });
  assert.deepEqual([several.code, fieldsOf(several)], ['deletion-guarded', ['/force']]);
  await running.call('deleteLoadBalancers', { body: { ...body, force: true } });
  const again = { loadBalancerId: await create('many', 20) };
  await running.call('deleteLoadBalancer', { params: again, query: { force: 'true' } });
  const planned = { loadBalancerId: await create('planned', 20) };
  const changes = [{ operation: 'deleteLoadBalancer', params: planned }];
  const { id } = await running.call('createChangeSet', { body: { changes } });
  await running.call('applyChangeSet', { params: { changeSetId: id } });
  assert.deepEqual((await running.call('listLoadBalancers')).items, []);
});
