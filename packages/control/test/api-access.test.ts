import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { DEFAULT_TENANT } from '@evenkeel/model/access.ts';
import { DEFAULT_QUOTAS } from '@evenkeel/model/limits.ts';
import { Running } from './running.ts';

/** A user with a token, of the tenant that is always there unless another is named. */
async function newUser(running: Running, body: Record<string, unknown>, tenant = 'default') {
  const headers = { 'evenkeel-tenant': tenant };
  const user = await running.call('createUser', { body, headers });
  const made = await running.call('createToken', { body: { userId: user.id }, headers });
  return { user, token: made.token, made };
}

test('the credential of the installation is an administrator of all tenants', async (t) => {
  const running = await Running.start(t);
  const identity = await running.call('getIdentity');
  assert.deepEqual(
    [identity.id, identity.role, identity.reach, identity.tenantId, identity.tenant, identity.tokenId],
    ['admin', 'admin', 'all', DEFAULT_TENANT.id, 'default', null],
  );
  const { items } = await running.call('listTenants');
  assert.deepEqual(
    items.map(({ id, name }) => ({ id, name })),
    [DEFAULT_TENANT],
  );
  const params = { tenantId: DEFAULT_TENANT.id };
  assert.equal((await running.refused('deleteTenant', { params })).code, 'built-in');
  const problem = await running.refused('createToken', { body: {} });
  assert.deepEqual([problem.code, problem.errors![0]!.field], ['validation-failed', '/userId']);
});

test('a token is shown once, known by its hash, and good until it is revoked', async (t) => {
  const running = await Running.start(t);
  const { user, token, made } = await newUser(running, { name: 'ann', role: 'operator' });
  assert.match(token, /^ektok_[\w-]{43}$/);
  const days = (Date.parse(made.expiresAt!) - Date.parse(made.createdAt)) / 86_400_000;
  assert.deepEqual([days, made.role, made.status, made.userId], [90, 'operator', 'active', user.id]);

  const identity = await running.call('getIdentity', { token });
  assert.deepEqual(
    [identity.name, identity.role, identity.reach, identity.tokenId],
    ['ann', 'operator', 'own', made.id],
  );
  const listed = JSON.stringify(await running.call('listTokens', { token }));
  assert.ok(listed.includes(made.id));
  for (const secret of [token, 'hash']) assert.ok(!listed.includes(secret));
  await running.restart();
  assert.equal((await running.call('getIdentity', { token })).id, user.id, 'also after a restart');

  await running.call('deleteToken', { params: { tokenId: made.id }, token });
  assert.equal((await running.refused('getIdentity', { token })).code, 'unauthenticated');
  for (const file of ['evenkeel.db', 'evenkeel.db-wal']) {
    const bytes = readFileSync(join(running.home, 'state', file), { flag: 'a+' });
    assert.ok(!bytes.includes(token.slice('ektok_'.length)), `${file} has the token`);
  }
});

test('what changes about a user holds for the next request', async (t) => {
  const running = await Running.start(t);
  const { user, token } = await newUser(running, { name: 'ann', role: 'operator' });
  const params = { userId: user.id };
  const create = () => running.try('createLoadBalancer', { token, body: {} });
  assert.equal((await create()).status, 201);
  await running.call('updateUser', { params, body: { role: 'viewer' } });
  assert.equal((await create()).status, 403);
  await running.call('updateUser', { params, body: { role: 'admin' } });
  assert.equal((await running.call('getIdentity', { token })).role, 'operator', 'the token is good for no more');
  await running.call('updateUser', { params, body: { enabled: false } });
  const { code, detail } = await running.refused('getIdentity', { token });
  assert.equal(code, 'unauthenticated');
  assert.match(detail, /ann is disabled/);
  await running.call('deleteUser', { params });
  assert.equal((await running.refused('getIdentity', { token })).code, 'unauthenticated');
  assert.deepEqual((await running.call('listTokens')).items, []);
});

test('a token makes none that is good for more, or for longer', async (t) => {
  const running = await Running.start(t);
  const { user } = await newUser(running, { name: 'ann', role: 'admin' });
  const body = { userId: user.id, role: 'viewer', days: 1 };
  const narrow = await running.call('createToken', { body });
  const { token } = narrow;
  const same = await running.call('createToken', { body: { days: null }, token });
  assert.deepEqual([same.role, same.expiresAt], ['viewer', narrow.expiresAt]);
  const more = await running.refused('createToken', { body: { role: 'operator' }, token });
  assert.equal(more.code, 'forbidden');
  const wide = await running.call('createToken', { body: { userId: user.id, days: null } });
  assert.equal(wide.expiresAt, null);
  const revoked = await running.refused('deleteToken', { params: { tokenId: wide.id }, token });
  assert.equal(revoked.code, 'forbidden', 'a narrow token does not revoke a wide one');
  const other = await newUser(running, { name: 'bob', role: 'viewer' });
  assert.equal(
    (await running.refused('createToken', { body: { userId: other.user.id }, token })).code,
    'reference-not-found',
  );
  assert.equal(
    (await running.refused('getToken', { params: { tokenId: other.made.id }, token })).code,
    'resource-not-found',
  );
});

test('an administrator of one tenant has no say about those of all', async (t) => {
  const running = await Running.start(t);
  const { user: wide, made } = await newUser(running, { name: 'wide', role: 'viewer', reach: 'all' });
  const { token, user } = await newUser(running, { name: 'local', role: 'admin' });
  const params = { userId: wide.id };
  const attempts = [
    running.refused('createUser', { token, body: { name: 'x', role: 'viewer', reach: 'all' } }),
    running.refused('updateUser', { token, params: { userId: user.id }, body: { reach: 'all' } }),
    running.refused('updateUser', { token, params, body: { role: 'admin' } }),
    running.refused('deleteUser', { token, params }),
    running.refused('createToken', { token, body: { userId: wide.id } }),
    running.refused('deleteToken', { token, params: { tokenId: made.id } }),
  ];
  for (const { code } of await Promise.all(attempts)) assert.equal(code, 'forbidden');
});

test('a role that reaches all tenants acts in the one that is named', async (t) => {
  const running = await Running.start(t);
  const team = await running.call('createTenant', { body: { name: 'équipe' } });
  const { token } = await newUser(running, { name: 'ann', role: 'operator', reach: 'all' });
  for (const tenant of ['équipe', team.id]) {
    const headers = { 'evenkeel-tenant': encodeURIComponent(tenant) };
    assert.equal((await running.call('getIdentity', { token, headers })).tenantId, team.id);
  }
  const headers = { 'evenkeel-tenant': team.id };
  const made = await running.call('createLoadBalancer', { token, headers, body: { name: 'web' } });
  assert.equal(made.tenantId, team.id);
  assert.equal(
    (await running.call('getOperation', { params: { operationId: made.operationId }, headers })).action,
    'createLoadBalancer',
  );
  const elsewhere = await running.refused('getOperation', { params: { operationId: made.operationId } });
  assert.equal(elsewhere.code, 'resource-not-found');

  const inUse = await running.refused('deleteTenant', { params: { tenantId: team.id } });
  assert.deepEqual(
    [inUse.code, inUse.usedBy],
    ['resource-in-use', [{ kind: 'loadBalancer', id: made.id, name: 'web' }]],
  );
  const local = await newUser(running, { name: 'bob', role: 'viewer' }, team.id);
  await running.call('deleteLoadBalancer', { params: { loadBalancerId: made.id }, headers });
  const gone = await running.call('deleteTenant', { params: { tenantId: team.id } });
  // The tenant is gone, and who has deleted it can still wait for it.
  await running.call('getOperation', { params: { operationId: gone.operationId } });
  assert.equal((await running.refused('getIdentity', { token: local.token })).code, 'unauthenticated');
});

test('an idempotency key is of one user in one tenant', async (t) => {
  const running = await Running.start(t);
  const team = await running.call('createTenant', { body: { name: 'team' } });
  const headers = { 'idempotency-key': 'once' };
  const first = await running.call('createElasticIp', { body: { name: 'e' }, headers });
  const elsewhere = { ...headers, 'evenkeel-tenant': team.id };
  assert.equal(
    (await running.refused('createElasticIp', { body: { name: 'e' }, headers: elsewhere })).code,
    'idempotency-key-reused',
  );
  const { token } = await newUser(running, { name: 'ann', role: 'operator' });
  assert.equal((await running.refused('createElasticIp', { body: { name: 'e' }, headers, token })).code, 'name-taken');
  assert.equal((await running.call('createElasticIp', { body: { name: 'e' }, headers })).id, first.id);
});

test('quotas are of each tenant, and one may have its own', async (t) => {
  const running = await Running.start(t, { quotas: { ...DEFAULT_QUOTAS, elasticIps: 1 } });
  const team = await running.call('createTenant', { body: { name: 'team', quotas: { elasticIps: 2 } } });
  const headers = { 'evenkeel-tenant': team.id };
  const create = (more: object) => running.try('createElasticIp', { body: {}, ...more });
  assert.deepEqual([(await create({})).status, (await create({})).status], [201, 409]);
  for (const status of [201, 201, 409]) assert.equal((await create({ headers })).status, status);
  await running.call('updateTenant', { params: { tenantId: team.id }, body: { quotas: { elasticIps: 3 } } });
  await running.restart();
  assert.equal((await create({ headers })).status, 201);
  const problem = await running.refused('createTenant', { body: { name: 'x', quotas: { nodes: 1 } } });
  assert.equal(problem.errors![0]!.field, '/quotas/nodes');
});
