import assert from 'node:assert/strict';
import { test } from 'node:test';
import { cli } from './run.ts';
import { page, ScriptedApi } from './scripted-api.ts';
import { withApi } from './scripted-balancer.ts';

const SHOP = {
  id: 'tnt-01m7y7pvpcamhyyt2a',
  name: 'shop',
  quotas: { elasticIps: 5, certificates: 9 },
  description: '',
};
const ANN = { id: 'usr-01m7y7pvpcamhyyt2b', name: 'ann', role: 'operator', reach: 'own', enabled: true };
const TOKEN = {
  id: 'tok-01m7y7pvpcamhyyt2c',
  name: 'laptop',
  userId: ANN.id,
  role: 'operator',
  expiresAt: '2030-01-01T00:00:00.000Z',
  status: 'active',
};

test('quotas of a tenant are changed one by one, and taken back with none', async () => {
  await using api = await ScriptedApi.start({
    'GET /v1/tenants?name=shop': page(SHOP),
    [`PATCH /v1/tenants/${SHOP.id}`]: { body: SHOP },
    'POST /v1/tenants': { status: 201, body: SHOP },
  });
  const words = ['tenant', 'update', 'shop', '--quota', 'elasticIps=7', '--quota', 'certificates=none'];
  const { exitCode, out } = await cli(words, withApi(api));
  assert.deepEqual([exitCode, out], [0, 'Tenant shop changed.\n']);
  assert.deepEqual(api.bodies(`PATCH /v1/tenants/${SHOP.id}`), [{ quotas: { elasticIps: 7 } }]);
  await cli(['tenant', 'create', 'shop', '--quota', 'users=3'], withApi(api));
  assert.deepEqual(api.bodies('POST /v1/tenants'), [{ name: 'shop', quotas: { users: 3 } }]);
  const wrong = await cli(['tenant', 'update', 'shop', '--quota', 'nodes=1'], withApi(api));
  assert.equal(wrong.exitCode, 2);
  assert.match(wrong.err, /with one of loadBalancers, /);
});

test('a user is made with a role, and a token is printed once', async () => {
  await using api = await ScriptedApi.start({
    'POST /v1/users': { status: 201, body: ANN },
    'GET /v1/users?name=ann': page(ANN),
    'POST /v1/tokens': { status: 201, body: { ...TOKEN, token: 'ektok_secret' } },
    'GET /v1/tokens': page(TOKEN),
  });
  const without = await cli(['user', 'create', 'ann'], withApi(api));
  assert.deepEqual(
    [without.exitCode, without.err],
    [2, 'evenkeel: say what the user may do: --role viewer, operator or admin.\n'],
  );
  assert.match(
    (await cli(['user', 'create', 'ann', '--role', 'operator'], withApi(api))).out,
    /^User ann \(usr-.*\) created/,
  );
  assert.deepEqual(api.bodies('POST /v1/users'), [{ name: 'ann', role: 'operator' }]);

  const create = ['token', 'create', '--user', 'ann', '--days', 'none', '--role', 'viewer'];
  assert.match((await cli(create, withApi(api))).out, /Nobody can show it again:\nektok_secret\n$/);
  assert.equal((await cli([...create, '--quiet'], withApi(api))).out, 'ektok_secret\n');
  assert.deepEqual(api.bodies('POST /v1/tokens')[0], { userId: ANN.id, days: null, role: 'viewer' });
  const { out } = await cli(['token', 'list'], withApi(api));
  assert.match(out, /laptop.*tok-.*active/);
  assert.ok(!out.includes('secret'));
});

test('revoking a token waits for no node', async () => {
  await using api = await ScriptedApi.start({
    [`GET /v1/tokens/${TOKEN.id}`]: { body: TOKEN },
    [`DELETE /v1/tokens/${TOKEN.id}`]: { body: { id: TOKEN.id, generation: 2, operationId: 'op-01m7y7pvpcamhyyt2d' } },
  });
  const { exitCode, out } = await cli(['token', 'revoke', TOKEN.id], withApi(api));
  assert.deepEqual([exitCode, out], [0, `Token laptop (${TOKEN.id}) deleted.\n`]);
});

test('the tenant that is named goes along with every call', async () => {
  await using api = await ScriptedApi.start({ 'GET /v1/users': page(ANN) });
  const around = withApi(api);
  await cli(['user', 'list'], around);
  await cli(['--tenant', 'équipe', 'user', 'list'], around);
  await cli(['user', 'list'], { ...around, env: { ...around.env, EVENKEEL_TENANT: 'shop' } });
  assert.deepEqual(
    api.asked.map(({ headers }) => headers['evenkeel-tenant']),
    [undefined, '%C3%A9quipe', 'shop'],
  );
});

test('quotas are listed with what is used, and set by name', async () => {
  const quota = { name: 'elasticIps', limit: 5, installationLimit: 100, used: 2, per: 'tenant', parentId: null };
  await using api = await ScriptedApi.start({
    'GET /v1/quotas': { body: { items: [quota] } },
    'GET /v1/quotas?name=elasticIps': { body: { items: [quota] } },
    'PATCH /v1/quotas': { body: { items: [quota], generation: 3, operationId: 'op-1' } },
  });
  const { out } = await cli(['quota', 'list'], withApi(api));
  assert.match(out, /^NAME +USED +LIMIT +INSTALLATION/);
  assert.match(out, /elasticIps +2 +5 +100/);
  assert.equal((await cli(['quota', 'list', '--name', 'elasticIps', '--quiet'], withApi(api))).out, 'elasticIps\n');
  const set = await cli(['quota', 'set', 'elasticIps=5', 'certificates=none'], withApi(api));
  assert.deepEqual([set.exitCode, set.out], [0, 'elasticIps: 5, of which 2 are used.\n']);
  assert.deepEqual(api.bodies('PATCH /v1/quotas'), [{ quotas: { elasticIps: 5, certificates: null } }]);
  assert.equal((await cli(['quota', 'set', 'nodes=5'], withApi(api))).exitCode, 2);
});
