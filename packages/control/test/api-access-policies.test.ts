import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { AccessStatementInput } from '@evenkeel/model/resources/access-policy.ts';
import { Running } from './running.ts';

async function userWith(running: Running, name: string, role: string, statements: AccessStatementInput[]) {
  const policy = await running.call('createAccessPolicy', { body: { name: `${name}-policy`, statements } });
  const { id } = await running.call('createUser', { body: { name, role, accessPolicyIds: [policy.id] } });
  const { token } = await running.call('createToken', { body: { userId: id } });
  return { id, token, policyId: policy.id };
}

async function balancer(running: Running, name: string, tags: Record<string, string> = {}) {
  const listeners = [{ protocol: 'http' as const, port: 80, service: { targets: [{ address: '10.0.0.1' }] } }];
  const { id } = await running.call('createLoadBalancer', { body: { name, tags, listeners } });
  const query = { loadBalancerId: id };
  const [listener] = (await running.call('listListeners', { query })).items;
  const [group] = (await running.call('listTargetGroups', { query })).items;
  return { id, listenerId: listener!.id, targetGroupId: group!.id };
}

test('what is denied is refused whatever the role, by every call that would do it', async (t) => {
  const running = await Running.start(t);
  const prod = await balancer(running, 'prod', { env: 'prod' });
  const test1 = await balancer(running, 'test');
  const { token } = await userWith(running, 'ann', 'operator', [
    { effect: 'deny', actions: ['delete*', 'deregister*'], tags: { env: 'prod' } },
    { effect: 'deny', actions: ['update*'], resources: [prod.id] },
  ]);
  const forbidden = async (name: Parameters<Running['refused']>[0], args: object) => {
    const problem = await running.refused(name, { token, ...args });
    assert.deepEqual([problem.code, /ann-policy/.test(problem.detail)], ['forbidden', true], problem.detail);
  };
  await forbidden('deleteListener', { params: { listenerId: prod.listenerId } });
  await forbidden('updateListener', { params: { listenerId: prod.listenerId }, body: { description: 'x' } });
  // Also where the call has another name, and the object is in its body.
  await forbidden('applyConfiguration', { body: { loadBalancers: [{ name: 'prod', listeners: [], prune: true }] } });
  await forbidden('applyConfiguration', { body: { loadBalancers: [{ name: 'prod', tags: {} }] } });
  const { items: revisions } = await running.call('listRevisions');
  const first = revisions.at(-1)!.id;
  for (const dryRun of [true, false]) {
    await forbidden('rollBack', { params: { revisionId: first }, body: { before: true, dryRun } });
  }
  assert.equal((await running.call('listListeners', { query: { loadBalancerId: prod.id } })).items.length, 1);
  const created = await running.call('createListener', {
    token,
    body: { loadBalancerId: prod.id, protocol: 'http', port: 81 },
  });
  assert.equal(created.port, 81, 'what is not denied goes on');
  await running.call('deleteListener', { token, params: { listenerId: test1.listenerId } });
});

test('a statement that names no call is refused', async (t) => {
  const running = await Running.start(t);
  const statement = (...actions: string[]) => [{ effect: 'deny' as const, actions }];
  for (const wrong of ['frobnicate', 'deleteloadbalancer', 'discard*']) {
    const statements = statement('delete*', wrong);
    const problem = await running.refused('createAccessPolicy', { body: { name: 'a', statements } });
    assert.equal(problem.code, 'validation-failed');
    assert.deepEqual(
      problem.errors?.map(({ field, reason }) => [field, reason]),
      [['/statements/0/actions/1', `there is no call ${wrong}`]],
    );
  }
  const { id } = await running.call('createAccessPolicy', { body: { name: 'a', statements: statement('*Target*') } });
  const args = { params: { accessPolicyId: id }, body: { statements: statement('nothing') } };
  assert.equal((await running.refused('updateAccessPolicy', args)).code, 'validation-failed');
});

test('a user can be held to one load balancer', async (t) => {
  const running = await Running.start(t);
  const [own, other] = [await balancer(running, 'own'), await balancer(running, 'other')];
  const { token } = await userWith(running, 'ann', 'operator', [
    { effect: 'deny', actions: ['*'], exceptResources: [own.id] },
  ]);
  await running.call('getListener', { token, params: { listenerId: own.listenerId } });
  await running.call('updateListener', { token, params: { listenerId: own.listenerId }, body: { description: 'x' } });
  for (const [name, args] of [
    ['getListener', { params: { listenerId: other.listenerId } }],
    ['updateListener', { params: { listenerId: other.listenerId }, body: { description: 'x' } }],
    ['createListener', { body: { loadBalancerId: other.id, protocol: 'http', port: 81 } }],
    ['createLoadBalancer', { body: { name: 'new' } }],
    ['applyConfiguration', { body: { loadBalancers: [{ name: 'other', description: 'x' }] } }],
  ] as const) {
    assert.equal((await running.refused(name, { token, ...args })).code, 'forbidden', name);
  }
  assert.equal(
    (await running.call('listLoadBalancers', { token })).items.length,
    2,
    'a list is about nothing in particular',
  );
});

test('what is allowed goes beyond the role, up to what an operator may, and no further', async (t) => {
  const running = await Running.start(t);
  const [own, other] = [await balancer(running, 'own'), await balancer(running, 'other')];
  const { token } = await userWith(running, 'deploy', 'viewer', [
    { effect: 'allow', actions: ['*Target*', 'create*'], resources: [own.id] },
    { effect: 'deny', actions: ['deregisterTargets'] },
  ]);
  const targets = [{ address: '10.0.0.2' }];
  const params = { targetGroupId: own.targetGroupId };
  const made = await running.call('registerTargets', { token, params, body: { targets } });
  const targetId = made.targets[0]!.id;
  await running.call('createListener', { token, body: { loadBalancerId: own.id, protocol: 'http', port: 81 } });
  for (const [name, args] of [
    ['registerTargets', { params: { targetGroupId: other.targetGroupId }, body: { targets } }],
    ['deregisterTargets', { params, body: { targetIds: [targetId] } }],
    ['createListener', { body: { loadBalancerId: other.id, protocol: 'http', port: 81 } }],
    ['createListener', { body: { protocol: 'http', port: 81 } }],
    ['createLoadBalancer', { body: { name: 'new' } }],
    ['createUser', { body: { name: 'x', role: 'admin' } }],
    ['updateListener', { params: { listenerId: own.listenerId }, body: { description: 'x' } }],
  ] as const) {
    assert.equal((await running.refused(name, { token, ...args })).code, 'forbidden', name);
  }
});

test('what a body names in its lists and parts is looked at, too', async (t) => {
  const running = await Running.start(t);
  const [own, other] = [await balancer(running, 'own'), await balancer(running, 'other', { env: 'prod' })];
  const group = await running.call('createSecurityGroup', {
    body: { name: 'theirs', tags: { env: 'prod' }, rules: [{ action: 'allow', source: '0.0.0.0/0' }] },
  });
  const { token } = await userWith(running, 'ann', 'operator', [
    { effect: 'deny', actions: ['*'], tags: { env: 'prod' } },
  ]);
  const { token: deploy } = await userWith(running, 'deploy', 'viewer', [
    { effect: 'allow', actions: ['*Target*'], resources: [own.id] },
  ]);
  const params = { loadBalancerId: own.id };
  const attach = { params, body: { securityGroupIds: [group.id] } };
  assert.equal((await running.refused('updateLoadBalancer', { token, ...attach })).code, 'forbidden');
  await running.call('updateLoadBalancer', attach);
  const planned = [{ operation: 'updateListener' as const, params: { listenerId: other.listenerId }, body: {} }];
  assert.equal((await running.refused('createChangeSet', { token, body: { changes: planned } })).code, 'forbidden');

  // A target is within its group, also where a list names it.
  const targets = [{ address: '10.0.0.9' }];
  const within = { targetGroupId: own.targetGroupId };
  const made = await running.call('registerTargets', { token: deploy, params: within, body: { targets } });
  const targetIds = made.targets.map(({ id }) => id);
  await running.call('deregisterTargets', { token: deploy, params: within, body: { targetIds } });
});

test('nobody takes a policy off themselves, and one that is used is not deleted', async (t) => {
  const running = await Running.start(t);
  const { id, token, policyId } = await userWith(running, 'root', 'admin', [
    { effect: 'deny', actions: ['deleteLoadBalancer'] },
  ]);
  const params = { userId: id };
  assert.equal(
    (await running.refused('updateUser', { token, params, body: { accessPolicyIds: [] } })).code,
    'forbidden',
  );
  const statements = [{ effect: 'allow', actions: ['*'] }];
  const policy = { accessPolicyId: policyId };
  assert.equal(
    (await running.refused('updateAccessPolicy', { token, params: policy, body: { statements } })).code,
    'forbidden',
  );
  const used = await running.refused('deleteAccessPolicy', { params: policy });
  assert.deepEqual([used.code, used.usedBy], ['resource-in-use', [{ kind: 'user', id, name: 'root' }]]);
  await running.restart();
  assert.deepEqual((await running.call('getUser', { params })).accessPolicyIds, [policyId]);
  await running.call('updateUser', { params, body: { accessPolicyIds: [] } });
  await running.call('deleteAccessPolicy', { params: policy });
  for (const actions of [['a b'], ['*a*b*c*d*e*'], [], ['(']]) {
    const body = { name: 'x', statements: [{ effect: 'deny', actions }] };
    const problem = await running.refused('createAccessPolicy', { body });
    assert.match(problem.errors![0]!.field, /^\/statements\/0\/actions/);
  }
});

test('what somebody may do can be asked for without doing it', async (t) => {
  const running = await Running.start(t);
  const { id: loadBalancerId, listenerId } = await balancer(running, 'prod', { env: 'prod' });
  const {
    id: userId,
    token,
    policyId,
  } = await userWith(running, 'ann', 'operator', [{ effect: 'deny', actions: ['delete*'], tags: { env: 'prod' } }]);
  const ask = (query: Record<string, string>, by?: string) =>
    running.call('checkAccess', { query: query as never, ...(by && { token: by }) });
  const denied = await ask({ action: 'deleteListener', resourceId: listenerId, userId });
  assert.deepEqual([denied.allowed, denied.decidedBy, denied.policyId], [false, 'policy', policyId]);
  assert.match(denied.reason, /deleteListener is denied to ann by the access policy ann-policy/);
  const own = await ask({ action: 'updateLoadBalancer', resourceId: loadBalancerId }, token);
  assert.deepEqual([own.allowed, own.decidedBy, own.userId], [true, 'role', userId]);
  assert.equal((await ask({ action: 'createUser', userId })).decidedBy, 'role');
  assert.equal((await ask({ action: 'createTenant', userId })).decidedBy, 'reach');
  for (const [query, code] of [
    [{ action: 'fly' }, 'validation-failed'],
    [{ action: 'deleteListener', resourceId: 'lsn-000000000000000000' }, 'resource-not-found'],
    [{ action: 'deleteListener', userId: 'usr-000000000000000000' }, 'resource-not-found'],
  ] as const) {
    assert.equal((await running.refused('checkAccess', { query })).code, code);
  }
  const { id: other } = await running.call('createUser', { body: { name: 'bob', role: 'viewer' } });
  const refused = await running.refused('checkAccess', { token, query: { action: 'deleteListener', userId: other } });
  assert.equal(refused.code, 'forbidden');
});

test('a policy tells nothing of what another tenant has', async (t) => {
  const running = await Running.start(t);
  const { listenerId } = await balancer(running, 'prod', { env: 'prod' });
  await running.call('createTenant', { body: { name: 'shop' } });
  const headers = { 'evenkeel-tenant': 'shop' };
  const statements = [{ effect: 'deny' as const, actions: ['*'], tags: { env: 'prod' } }];
  const { id } = await running.call('createAccessPolicy', { body: { name: 'probe', statements }, headers });
  const { id: userId } = await running.call('createUser', {
    body: { name: 'mallory', role: 'admin', accessPolicyIds: [id] },
    headers,
  });
  const { token } = await running.call('createToken', { body: { userId }, headers });
  const problem = await running.refused('getListener', { token, params: { listenerId } });
  assert.equal(problem.code, 'resource-not-found', 'as for what does not exist');
  const check = await running.refused('checkAccess', {
    token,
    query: { action: 'getListener', resourceId: listenerId },
  });
  assert.equal(check.code, 'resource-not-found');
});

test('a backup brings nothing back that a policy denies', async (t) => {
  const running = await Running.start(t);
  const { id } = await balancer(running, 'prod');
  const { id: backupId } = await running.call('createBackup', { body: {} });
  await running.call('updateLoadBalancer', { params: { loadBalancerId: id }, body: { description: 'new' } });
  const statements = [{ effect: 'deny' as const, actions: ['update*'], resources: [id] }];
  const policy = await running.call('createAccessPolicy', { body: { name: 'stays', statements } });
  const { id: userId } = await running.call('createUser', {
    body: { name: 'root', role: 'admin', reach: 'all', accessPolicyIds: [policy.id] },
  });
  const { token } = await running.call('createToken', { body: { userId } });
  for (const dryRun of [true, false]) {
    const problem = await running.refused('restoreBackup', { token, params: { backupId }, body: { dryRun } });
    assert.equal(problem.code, 'forbidden', problem.detail);
  }
  await running.call('restoreBackup', { params: { backupId }, body: {} });
  assert.equal((await running.call('getLoadBalancer', { params: { loadBalancerId: id } })).description, '');
});
