import assert from 'node:assert/strict';
import { test } from 'node:test';
import { cli } from './run.ts';
import { page, ScriptedApi } from './scripted-api.ts';
import { withApi } from './scripted-balancer.ts';

const HOOK = { id: 'whk-01m7y7pvpcamhyyt2b', name: 'ops', url: 'https://hooks.example/', kinds: [], enabled: true };
const BY_NAME = { 'GET /v1/webhooks?name=ops': page(HOOK) };

test('a webhook is made with what the flags say, and its secret is printed once', async () => {
  await using api = await ScriptedApi.start({
    'POST /v1/webhooks': { status: 201, body: { ...HOOK, secret: 'ekwhs_x' } },
  });
  const words = ['webhook', 'create', HOOK.url, '--name', 'ops', '--kinds', 'node.lost,target.unhealthy'];
  assert.match((await cli(words, withApi(api))).out, /nobody can show again:\nekwhs_x\n$/);
  assert.equal((await cli([...words, '--quiet'], withApi(api))).out, 'ekwhs_x\n');
  const body = { url: HOOK.url, name: 'ops', kinds: ['node.lost', 'target.unhealthy'] };
  assert.deepEqual(api.bodies('POST /v1/webhooks'), [body, body]);
});

test('a test that does not arrive is a failure with its reason', async () => {
  const path = `POST /v1/webhooks/${HOOK.id}/test`;
  const tried = {
    delivered: false,
    status: 302,
    error: 'it answered 302, and redirects are not followed',
    milliseconds: 7,
  };
  await using api = await ScriptedApi.start({ ...BY_NAME, [path]: { body: tried } });
  const { err, exitCode } = await cli(['webhook', 'test', 'ops'], withApi(api));
  assert.deepEqual([exitCode, err], [1, `evenkeel: not delivered to ops (status 302, 7 ms): ${tried.error}.\n`]);
});

test('where events are sent is changed by --to', async () => {
  await using api = await ScriptedApi.start({ ...BY_NAME, [`PATCH /v1/webhooks/${HOOK.id}`]: { body: HOOK } });
  await cli(['webhook', 'update', 'ops', '--to', 'https://b.example/', '--kinds', 'none'], withApi(api));
  assert.deepEqual(api.bodies(`PATCH /v1/webhooks/${HOOK.id}`), [{ url: 'https://b.example/', kinds: [] }]);
});
