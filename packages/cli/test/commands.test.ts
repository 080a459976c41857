import assert from 'node:assert/strict';
import { test } from 'node:test';
import { cli } from './run.ts';
import { page, problem, ScriptedApi } from './scripted-api.ts';
import { LISTENER, MAIL, OPERATION, operation, READ, WEB, withApi } from './scripted-balancer.ts';

test('a list as a table, as JSON, as identifiers', async () => {
  await using api = await ScriptedApi.start(READ);
  const { out, exitCode } = await cli(['lb', 'list'], withApi(api));
  assert.equal(exitCode, 0);
  assert.match(out, /^NAME +ID +TYPE +VIP +EIP +STATUS\nweb +lb-01m7y7pvpcamhyyt2g +– +127\.77\.0\.1/);
  assert.equal(api.asked[0].headers.authorization, 'Bearer secret');

  const json = await cli(['lb', 'list', '--json'], withApi(api));
  assert.deepEqual(JSON.parse(json.out), [WEB, MAIL]);
  const quiet = await cli(['--quiet', 'lb', 'list'], withApi(api));
  assert.equal(quiet.out, `${WEB.id}\n${MAIL.id}\n`);
  const both = await cli(['lb', 'list', '--json', '--quiet'], withApi(api));
  assert.deepEqual([both.exitCode, both.err], [2, 'evenkeel: give --json or --quiet, not both.\n']);
});

test('a list of several pages is one list', async () => {
  const call = 'GET /v1/load-balancers?limit=500';
  await using api = await ScriptedApi.start({
    [call]: { body: { items: [WEB], nextCursor: 'c1' } },
    [`${call}&cursor=c1`]: { body: { items: [MAIL], nextCursor: null } },
  });
  const { out } = await cli(['lb', 'list', '-q'], withApi(api));
  assert.equal(out, `${WEB.id}\n${MAIL.id}\n`);
});

test('one call creates everything, and waits until it is applied', async () => {
  await using api = await ScriptedApi.start({
    ...READ,
    'POST /v1/load-balancers': { status: 201, body: { ...WEB, operationId: OPERATION, created: [] } },
  });
  const line = 'lb create web --listener http:80 --listener tcp:25 --target 10.0.0.1:8080 --target 10.0.0.2,weight=5';
  const words = [
    ...line.split(' '),
    '--health-path',
    '/ok',
    '--health-codes',
    '2xx,404',
    '--tag',
    'a=b',
    '--tag',
    'c=d',
  ];
  const { out, exitCode } = await cli(words, withApi(api));
  assert.equal(exitCode, 0);
  assert.deepEqual(api.bodies('POST /v1/load-balancers'), [
    {
      name: 'web',
      tags: { a: 'b', c: 'd' },
      targetGroups: [
        {
          name: 'web',
          targets: [
            { address: '10.0.0.1', port: 8080 },
            { address: '10.0.0.2', weight: 5 },
          ],
        },
      ],
      listeners: [
        {
          protocol: 'http',
          port: 80,
          service: { targetGroup: 'web', healthCheck: { path: '/ok', codes: ['2xx', '404'] } },
        },
        {
          protocol: 'tcp',
          port: 25,
          service: { targetGroup: 'web', healthCheck: { path: '/ok', codes: ['2xx', '404'] } },
        },
      ],
    },
  ]);
  assert.match(
    out,
    /created: VIP 127\.77\.0\.1\.\n {2}http:\/\/127\.77\.0\.1:80\/\n {2}tcp:\/\/127\.77\.0\.1:25\nApplied on 1 node\.\n/,
  );
});

test('JSON of a write is the answer of the API, and nothing else', async () => {
  const answer = { ...WEB, operationId: OPERATION };
  await using api = await ScriptedApi.start({ ...READ, [`PATCH /v1/load-balancers/${WEB.id}`]: { body: answer } });
  const { out, exitCode } = await cli(['lb', 'update', 'web', '--description', 'x', '--json'], withApi(api));
  assert.deepEqual([JSON.parse(out), exitCode], [answer, 0]);
  assert.ok(
    api.asked.some(({ call }) => call.startsWith(`GET /v1/operations/${OPERATION}`)),
    'it has waited',
  );
});

test('--if-match sends the entity tag; --no-wait does not wait', async () => {
  await using api = await ScriptedApi.start({
    ...READ,
    [`PATCH /v1/load-balancers/${WEB.id}`]: problem('precondition-failed', 'web is of generation 8'),
  });
  const { exitCode, err } = await cli(['lb', 'update', 'web', '--name', 'w', '--if-match', '7'], withApi(api));
  assert.deepEqual([exitCode, err], [4, 'evenkeel: web is of generation 8\n']);
  assert.equal(api.asked.at(-1)?.headers['if-match'], '"7"');
});

for (const [what, answer, exitCode, expected] of [
  [
    'a node that cannot run it',
    operation('refused', {
      resources: [{ kind: 'listener', id: LISTENER.id, name: 'http-80' }],
      nodes: [
        {
          node: 'n1',
          state: 'refused',
          refused: [{ listenerId: LISTENER.id, code: 'address-in-use', detail: '127.77.0.1:80 is taken' }],
        },
      ],
    }),
    1,
    /saved, but a node cannot run it; what ran there before goes on:\n {2}listener http-80 on node n1: address-in-use: 127\.77\.0\.1:80 is taken\n/,
  ],
  [
    'a node that is away',
    operation('pending', { nodes: [{ node: 'n1', state: 'offline', refused: [] }] }),
    6,
    /not applied by every node within 0 s .*\n {2}node n1 is offline/,
  ],
  ['no node at all', operation('pending', { nodes: [] }), 6, /no node has ever connected/],
] as const) {
  test(`a write says why it is not applied: ${what}`, async () => {
    await using api = await ScriptedApi.start({
      ...READ,
      [`GET /v1/listeners/${LISTENER.id}`]: { body: LISTENER },
      [`PATCH /v1/listeners/${LISTENER.id}`]: { body: { ...LISTENER, operationId: OPERATION } },
      [`GET /v1/operations/${OPERATION}`]: answer,
    });
    const words = ['listener', 'update', LISTENER.id, '--enabled', 'on', '--timeout', '0', '-q'];
    const { out, err, exitCode: code } = await cli(words, withApi(api));
    assert.deepEqual([code, out], [exitCode, `${LISTENER.id}\n`]);
    assert.match(err, expected);
  });
}

test('a control plane that is not there', async () => {
  const env = { EVENKEEL_URL: 'http://127.0.0.1:1', EVENKEEL_TOKEN: 'x' };
  const { exitCode, err } = await cli(['lb', 'list'], { env });
  assert.equal(exitCode, 5);
  assert.match(
    err,
    /^evenkeel: the control plane does not run, or cannot be reached: .*\n {2}Start it with "evenkeel start"/,
  );
});

for (const [line, expected] of [
  ['lb crate', /unknown command 'crate'/],
  ['lb list --colour', /unknown option '--colour'/],
  ['lb create web --listener 80', /Give protocol:port, such as http:80/],
  ['lb create web --target 10.0.0.1', /--target needs a --listener/],
  ['lb create web --algorithm random', /Allowed choices are round-robin/],
  ['lb create web --health-path /x', /--health-path needs a --listener/],
  ['listener create http:80', /required option '--lb <lb>' not specified/],
  ['listener create http:80 --lb web --service a --target 10.0.0.1', /cannot be used with/],
  ['lb update web', /nothing to change/],
  ['lb update web --name a --timeout -1', /Give 0 to 86400 seconds/],
  ['--json start', /"start" comes first/],
] as const) {
  test(`wrong on the command line: ${line}`, async () => {
    await using api = await ScriptedApi.start({
      ...READ,
      [`PATCH /v1/load-balancers/${WEB.id}`]: { body: { ...WEB, operationId: OPERATION } },
    });
    const { exitCode, err } = await cli(line.split(' '), withApi(api));
    assert.equal(exitCode, 2);
    assert.match(err, expected);
    assert.match(err, /^evenkeel: /);
  });
}

test('none is null in the body, wherever an option takes it', async () => {
  const GROUP = { id: 'rg-01m7y7pvpcamhyyt2p', name: 'g', loadBalancerId: WEB.id };
  const RULE = { id: 'rul-01m7y7pvpcamhyyt2n', name: 'r', ruleGroupId: GROUP.id };
  const rules = `/v1/rule-groups/${GROUP.id}/rules`;
  const answer = { body: { ...LISTENER, operationId: OPERATION } };
  await using api = await ScriptedApi.start({
    ...READ,
    [`GET /v1/listeners/${LISTENER.id}`]: { body: LISTENER },
    [`PATCH /v1/listeners/${LISTENER.id}`]: answer,
    [`GET /v1/rule-groups/${GROUP.id}`]: { body: GROUP },
    [`GET ${rules}/${RULE.id}`]: { body: RULE },
    [`PATCH ${rules}/${RULE.id}`]: { body: { ...RULE, operationId: OPERATION } },
  });
  const words = ['--max-connections', 'none', '--minimum-rate', 'none', '--access-log-format', 'none'];
  const listener = await cli(['listener', 'update', LISTENER.id, ...words], withApi(api));
  assert.equal(listener.exitCode, 0, listener.err);
  assert.deepEqual(api.bodies(`PATCH /v1/listeners/${LISTENER.id}`), [
    { limits: { connections: null, minimumRate: null }, accessLogFormat: null },
  ]);
  const rule = await cli(['rule', 'update', RULE.id, '--group', GROUP.id, '--mirror', 'none'], withApi(api));
  assert.equal(rule.exitCode, 0, rule.err);
  assert.deepEqual(api.bodies(`PATCH ${rules}/${RULE.id}`), [{ mirror: null }]);
});

test('what the API says against a value is said of the option', async () => {
  const errors = [{ field: '/limits/bodySize', reason: 'is out of range', allowed: { minimum: 1, maximum: 5 } }];
  await using api = await ScriptedApi.start({
    [`GET /v1/listeners/${LISTENER.id}`]: { body: LISTENER },
    [`PATCH /v1/listeners/${LISTENER.id}`]: problem('validation-failed', 'no', { errors }),
  });
  const { err, exitCode } = await cli(['listener', 'update', LISTENER.id, '--max-body-size', '9'], withApi(api));
  assert.deepEqual(
    [exitCode, err],
    [2, 'evenkeel: --max-body-size (limits.bodySize): is out of range (allowed: 1 to 5)\n'],
  );
});

test('a list of listeners tells what is under way from what nobody is there for', async () => {
  const nodes = ['2026-11-01T10:00:00.000Z', '2026-11-01T12:00:00.000Z'].map((offlineSince) => ({ offlineSince }));
  const listeners = page(
    { ...LISTENER, status: 'offline', nodes },
    { ...LISTENER, status: 'pending', nodes: [{ offlineSince: null }, ...nodes] },
  );
  await using api = await ScriptedApi.start({ ...READ, 'GET /v1/listeners': listeners });
  const { out } = await cli(['listener', 'list'], withApi(api));
  assert.deepEqual(
    out.split('\n').map((line) => line.split(/ {2,}/).at(-1)),
    ['STATUS', 'offline since 2026-11-01T12:00:00.000Z', 'pending', ''],
  );
});
