import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Running } from './running.ts';

const ALLOW = { action: 'allow', source: '10.0.0.0/8' } as const;

test('a security group says who may connect to the listeners of a load balancer', async (t) => {
  const running = await Running.start(t);
  const rules = [
    { action: 'deny', source: '10.1.2.3', priority: 1 },
    { ...ALLOW, protocol: 'tcp', port: 8000, lastPort: 8999, description: 'office' },
  ];
  const group = await running.call('createSecurityGroup', { body: { name: 'office', rules } });
  assert.deepEqual(group.rules, [
    {
      action: 'deny',
      source: '10.1.2.3/32',
      priority: 1,
      protocol: 'all',
      port: null,
      lastPort: null,
      description: '',
    },
    {
      action: 'allow',
      source: '10.0.0.0/8',
      priority: 50,
      protocol: 'tcp',
      port: 8000,
      lastPort: 8999,
      description: 'office',
    },
  ]);
  const listeners = [{ protocol: 'http' as const, port: 8080, allowedSources: ['192.0.2.1', '2001:DB8::/32'] }];
  const { id } = await running.call('createLoadBalancer', {
    body: { name: 'web', securityGroups: ['office'], listeners },
  });
  const params = { loadBalancerId: id };
  assert.deepEqual((await running.call('getLoadBalancer', { params })).securityGroupIds, [group.id]);
  const [listener] = (await running.call('listListeners')).items;
  assert.deepEqual(listener!.allowedSources, ['192.0.2.1/32', '2001:db8::/32']);
  const shown = await running.call('getSecurityGroup', { params: { securityGroupId: group.id } });
  assert.deepEqual(shown.usedBy, [{ kind: 'loadBalancer', id, name: 'web' }]);

  const changed = await running.call('updateSecurityGroup', {
    params: { securityGroupId: group.id },
    body: { rules: [ALLOW] },
  });
  assert.equal(changed.rules.length, 1);
  const operation = await running.call('getOperation', { params: { operationId: changed.operationId } });
  assert.deepEqual(
    operation.resources.map(({ name }) => name),
    ['office'],
  );

  const used = await running.refused('deleteSecurityGroup', { params: { securityGroupId: group.id } });
  assert.deepEqual([used.code, used.usedBy], ['resource-in-use', [{ kind: 'loadBalancer', id, name: 'web' }]]);
  await running.call('updateLoadBalancer', { params, body: { securityGroupIds: [] } });
  await running.call('deleteSecurityGroup', { params: { securityGroupId: group.id } });
});

test('what is wrong with a security group is said of the field', async (t) => {
  const running = await Running.start(t);
  const refused = async (rules: object[]) => {
    const problem = await running.refused('createSecurityGroup', { body: { name: 'g', rules } });
    return [problem.code, problem.errors?.[0]?.field];
  };
  assert.deepEqual(await refused([]), ['validation-failed', '/rules']);
  assert.deepEqual(await refused([{ ...ALLOW, priority: 101 }]), ['validation-failed', '/rules/0/priority']);
  assert.deepEqual(await refused([{ ...ALLOW, source: '10.0.0.1/8' }]), ['validation-failed', '/rules/0/source']);
  assert.deepEqual(await refused([ALLOW, { ...ALLOW, lastPort: 80 }]), ['validation-failed', '/rules/1/lastPort']);
  assert.deepEqual(await refused([{ ...ALLOW, port: 81, lastPort: 80 }]), ['validation-failed', '/rules/0/lastPort']);
  assert.deepEqual(await refused(Array(513).fill(ALLOW)), ['validation-failed', '/rules']);
  await running.call('createSecurityGroup', { body: { name: 'g', rules: [ALLOW] } });
  assert.deepEqual(await refused([ALLOW]), ['name-taken', '/name']);
  const twice = await running.refused('createLoadBalancer', { body: { name: 'a', securityGroups: ['g', 'g'] } });
  assert.equal(twice.errors?.[0]?.field, '/securityGroups/1');
  const unknown = await running.refused('createLoadBalancer', { body: { name: 'a', securityGroups: ['h'] } });
  assert.deepEqual([unknown.code, unknown.errors?.[0]?.field], ['reference-not-found', '/securityGroups/0']);
});

test('documents make security groups and name them', async (t) => {
  const running = await Running.start(t);
  const document = {
    securityGroups: [{ name: 'office', rules: [ALLOW] }],
    loadBalancers: [{ name: 'web', securityGroups: ['office'] }],
  };
  const first = await running.call('applyConfiguration', { body: document });
  assert.deepEqual(first.summary, { created: 2, updated: 0, deleted: 0, unchanged: 0 });
  const again = await running.call('applyConfiguration', { body: document });
  assert.deepEqual(again.summary, { created: 0, updated: 0, deleted: 0, unchanged: 2 });
  const rules = [{ ...ALLOW, priority: 7 }];
  const changed = await running.call('applyConfiguration', {
    body: { securityGroups: [{ name: 'office', rules }], loadBalancers: [{ name: 'web', securityGroups: [] }] },
  });
  assert.deepEqual(changed.summary, { created: 0, updated: 2, deleted: 0, unchanged: 0 });
  const fields = changed.changes.flatMap((change) => change.fields.map(({ field, before }) => [field, before]));
  assert.deepEqual(fields[0], ['securityGroups', ['office']]);
  await running.restart();
  const [group] = (await running.call('listSecurityGroups')).items;
  assert.equal(group!.rules[0]!.priority, 7);
});
