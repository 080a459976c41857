import assert from 'node:assert/strict';
import { test } from 'node:test';
import { cli, type Surroundings } from './run.ts';
import { type Answer, page, problem, ScriptedApi } from './scripted-api.ts';

const WEB = { id: 'lb-01m7y7pvpcamhyyt2g', name: 'web', vip: '127.77.0.1', elasticIpId: null };
const MAIL = { id: 'lb-01m7y7pvpcamhyyt2h', name: 'mail', vip: '127.77.0.2', elasticIpId: null };
const LISTENER = { id: 'lsn-01m7y7pvpcamhyyt2k', name: 'http-80', loadBalancerId: WEB.id, protocol: 'http', port: 80 };
const OPERATION = 'op-01m7y7pvpcamhyyt2m';

function operation(status: string, more: object = {}): Answer {
  return {
    body: { id: OPERATION, status, resources: [], nodes: [{ node: 'n1', state: 'applied', refused: [] }], ...more },
  };
}

const READ: Readonly<Record<string, Answer>> = {
  'GET /v1/load-balancers': page(WEB, MAIL),
  'GET /v1/load-balancers?name=web': page(WEB),
  'GET /v1/load-balancers?name=mail': page(MAIL),
  'GET /v1/load-balancers?name=none': page(),
  [`GET /v1/load-balancers/${WEB.id}`]: { body: WEB },
  [`GET /v1/load-balancers/${MAIL.id}`]: { body: MAIL },
  'GET /v1/elastic-ips': page(),
  'GET /v1/listeners': page(LISTENER),
  'GET /v1/backend-services': page(),
  'GET /v1/target-groups': page({ id: 'tg-1', name: 'web', targetCount: 2 }),
  [`GET /v1/operations/${OPERATION}`]: operation('applied'),
};

function withApi(api: ScriptedApi, more: Surroundings = {}): Surroundings {
  return { ...more, env: { EVENKEEL_URL: api.url, EVENKEEL_TOKEN: 'secret', ...more.env } };
}

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
    /saved, but a node cannot run it:\n {2}listener http-80 on node n1: address-in-use: 127\.77\.0\.1:80 is taken\n/,
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

test('a name that two load balancers use is refused with the candidates', async () => {
  const other = { ...LISTENER, id: 'lsn-01m7y7pvpcamhyyt2z', loadBalancerId: MAIL.id };
  await using api = await ScriptedApi.start({
    ...READ,
    'GET /v1/listeners?name=http-80': page(LISTENER, other),
    [`GET /v1/listeners?name=http-80&loadBalancerId=${MAIL.id}`]: page(other),
  });
  const { exitCode, err } = await cli(['listener', 'show', 'http-80'], withApi(api));
  assert.equal(exitCode, 2);
  assert.equal(
    err,
    'evenkeel: there are several listeners "http-80"; say which one:\n' +
      `  web/http-80 (${LISTENER.id})\n  mail/http-80 (${other.id})\n`,
  );
  for (const words of [['mail/http-80'], ['http-80', '--lb', 'mail'], ['http-80', '--lb', MAIL.id]]) {
    const { out } = await cli(['listener', 'show', ...words, '-q'], withApi(api));
    assert.equal(out, `${other.id}\n`);
  }
});

test('what does not exist, and what cannot', async () => {
  await using api = await ScriptedApi.start(READ);
  for (const [text, code, expected] of [
    ['none', 3, 'there is no load balancer "none".'],
    ['a name\u001B[2J', 3, 'there is no load balancer "a name".'],
    [LISTENER.id, 2, `${LISTENER.id} is the identifier of a listener, not of a load balancer.`],
  ] as const) {
    const { exitCode, err } = await cli(['lb', 'show', text], withApi(api));
    assert.deepEqual([exitCode, err], [code, `evenkeel: ${expected}\n`]);
  }
});

test('a target is found by its place, name or identifier, and must be one', async () => {
  const target = (n: number, port: number) => ({
    id: `tgt-01m7y7pvpcamhyyt${n}`,
    name: `10.0.0.1:${port}`,
    targetGroupId: 'tg-01m7y7pvpcamhyyt2n',
    address: '10.0.0.1',
    port,
  });
  const [one, two] = [target(21, 80), target(22, 81)];
  await using api = await ScriptedApi.start({
    ...READ,
    'GET /v1/target-groups': page({ id: 'tg-01m7y7pvpcamhyyt2n', name: 'blue', loadBalancerId: WEB.id }),
    'GET /v1/target-groups/tg-01m7y7pvpcamhyyt2n/targets': page(one, two),
  });
  for (const text of ['10.0.0.1:81', two.id, 'web/blue/10.0.0.1:81', `blue/${two.id}`]) {
    const { out } = await cli(['target', 'show', text, '-q'], withApi(api));
    assert.equal(out, `${two.id}\n`, text);
  }
  const { exitCode, err } = await cli(['target', 'show', '10.0.0.1'], withApi(api));
  assert.equal(exitCode, 2);
  assert.match(err, /several targets "10\.0\.0\.1".*\n {2}blue\/10\.0\.0\.1:80 .*\n {2}blue\/10\.0\.0\.1:81 /);
});

const DELETED: Readonly<Record<string, Answer>> = {
  ...READ,
  [`DELETE /v1/load-balancers/${WEB.id}`]: { body: { id: WEB.id, generation: 9, operationId: OPERATION } },
  [`DELETE /v1/load-balancers/${MAIL.id}`]: problem('deletion-protected', 'mail is protected from deletion'),
};

test('a person at a terminal is asked before a deletion', async () => {
  await using api = await ScriptedApi.start(DELETED);
  const asked = () => api.asked.filter(({ call }) => call.startsWith('DELETE')).length;
  const no = await cli(['lb', 'delete', 'web'], withApi(api, { terminal: true, answers: ['n'] }));
  assert.deepEqual([no.exitCode, asked()], [1, 0]);
  assert.match(
    no.err,
    /Delete load balancer\n {2}web \(lb-.*\) with 1 listener, 0 backend services, 1 target group, 2 targets\nGo on\? \[y\/N\] .*nothing was changed/s,
  );
  const yes = await cli(['lb', 'delete', 'web'], withApi(api, { terminal: true, answers: ['y'] }));
  assert.deepEqual([yes.exitCode, asked()], [0, 1]);
  const unasked = await cli(['lb', 'delete', 'web', '--yes'], withApi(api, { terminal: true }));
  assert.deepEqual([unasked.exitCode, unasked.err], [0, '']);
  const script = await cli(['lb', 'delete', 'web'], withApi(api));
  assert.match(script.out, /^Load balancer web \(.*\) deleted\.\nApplied on 1 node\.\n$/);
});

test('several are looked up before the first is deleted; what is gone is said, even if the next is refused', async () => {
  await using api = await ScriptedApi.start(DELETED);
  const slip = await cli(['lb', 'delete', 'web', 'none'], withApi(api));
  assert.equal(slip.exitCode, 3);
  assert.ok(!api.asked.some(({ call }) => call.startsWith('DELETE')));
  const { out, err, exitCode } = await cli(['lb', 'delete', 'web', 'mail', 'web'], withApi(api));
  assert.match(out, /^Load balancer web \(.*\) deleted\.\n$/);
  assert.deepEqual([exitCode, err], [4, 'evenkeel: mail is protected from deletion\n']);
});

const FILE = 'loadBalancers: [{name: web, prune: true}]';
const PRUNED = {
  dryRun: true,
  generation: 3,
  operationId: null,
  summary: { created: 0, updated: 0, deleted: 1, unchanged: 1 },
  changes: [
    {
      action: 'deleted',
      kind: 'listener',
      id: LISTENER.id,
      name: 'http-80',
      loadBalancer: 'web',
      parent: null,
      fields: [],
    },
  ],
};

test('apply asks a person at a terminal before it deletes', async () => {
  await using api = await ScriptedApi.start({ 'POST /v1/apply': { body: PRUNED } });
  const around = { terminal: true, input: FILE, answers: ['no'], env: { NO_COLOR: '1' } };
  const no = await cli(['apply', '-f', '-'], withApi(api, around));
  assert.equal(no.exitCode, 1);
  assert.match(no.err, /^- listener web\/http-80\n1 to delete; 1 as they are\.\nThis deletes 1 object\.\nGo on\?/);
  assert.deepEqual(api.bodies('POST /v1/apply'), [{ dryRun: true, loadBalancers: [{ name: 'web', prune: true }] }]);
  const yes = await cli(['apply', '-f', '-', '--yes'], withApi(api, around));
  assert.equal(yes.exitCode, 0);
  assert.equal((api.bodies('POST /v1/apply').at(-1) as { dryRun: boolean }).dryRun, false);
});

test('a dry run tells a difference by its exit code', async () => {
  await using api = await ScriptedApi.start({ 'POST /v1/apply': { body: PRUNED } });
  const { exitCode, out } = await cli(['apply', '-f', '-', '--dry-run'], withApi(api, { input: FILE }));
  assert.deepEqual([exitCode, out], [7, '- listener web/http-80\n1 to delete; 1 as they are.\n']);
  const quiet = await cli(['apply', '-f', '-', '--dry-run', '-q'], withApi(api, { input: FILE }));
  assert.equal(quiet.out, `${LISTENER.id}\n`);
});

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

const EXPLAINED = {
  node: 'n1',
  generation: 7,
  listenerId: LISTENER.id,
  request: { method: 'POST', host: 'shop.example', path: '/login', query: 'a=1', client: '203.0.113.9' },
  outcome: 'forward',
  status: null,
  location: '',
  reason: 'none',
  why: 'rule login applies',
  ruleOrder: 'priority',
  rules: [
    {
      ruleId: 'rul-1',
      name: 'admin',
      priority: 10,
      outcome: 'no-match',
      conditions: [{ kind: 'source', name: '', wanted: '10.0.0.0/8', actual: '203.0.113.9', holds: false }],
    },
    {
      ruleId: 'rul-2',
      name: 'login',
      priority: 20,
      outcome: 'applies',
      conditions: [{ kind: 'path', name: '', wanted: 'exact /login', actual: '/login', holds: true }],
    },
  ],
  rulesLeftOut: 3,
  changes: ['host becomes x'],
  services: [{ serviceId: 'svc-1', weight: 1, percent: 100, chosen: true }],
  service: {
    serviceId: 'svc-1',
    name: 'web',
    algorithm: 'round-robin',
    clientHash: 1,
    stickiness: null,
    because: 'it has the next turn',
    targets: [
      {
        targetId: 'tgt-1',
        address: '10.0.0.1',
        port: 80,
        zone: '',
        weight: 10,
        state: 'active',
        health: 'healthy',
        healthReason: '',
        underWay: 2,
        candidate: true,
        why: 'healthy',
        chosen: true,
      },
    ],
  },
};

test('explain asks for the request that it is told, and says what becomes of it and why', async () => {
  await using api = await ScriptedApi.start({
    ...READ,
    [`GET /v1/listeners/${LISTENER.id}`]: { body: LISTENER },
    [`GET /v1/explain?listenerId=${LISTENER.id}&path=%2Flogin%3Fa%3D1&method=POST&host=shop.example&header=X-Beta%3A+1&header=A%3A+b&cookie=user%3D17&source=203.0.113.9`]:
      { body: EXPLAINED },
  });
  const words = ['explain', LISTENER.id, 'http://shop.example/login?a=1', '-X', 'POST', '--source', '203.0.113.9'];
  const { out, err, exitCode } = await cli([...words, '-H', 'X-Beta: 1', '-H', 'A: b', '-b', 'user=17'], withApi(api));
  assert.equal(exitCode, 0, err);
  assert.match(
    out,
    /^POST shop\.example\/login from 203\.0\.113\.9\nforward: rule login applies\n {2}host becomes x\n/,
  );
  assert.match(out, /10 +admin +no-match +source is not 10\.0\.0\.0\/8 but 203\.0\.113\.9\n/);
  assert.match(out, /→ +20 +login +applies +path is exact \/login\n {2}and 3 that do not match\n/);
  assert.match(out, /→ +10\.0\.0\.1:80 +10 +– +active +healthy +2 +yes +healthy\n/);
  assert.match(out, /→ it has the next turn\n\nAs node n1 runs it, generation 7\.\n$/);
});

test('of a connection, explain names no method and no path; a node that is not known is none that is away', async () => {
  await using api = await ScriptedApi.start({
    ...READ,
    [`GET /v1/listeners/${LISTENER.id}`]: { body: { ...LISTENER, protocol: 'tcp' } },
    'GET /v1/explain': { body: { ...EXPLAINED, rules: [], services: [], changes: [], why: 'it goes on' } },
    'GET /v1/nodes/n9': problem('resource-not-found', 'there is no node n9'),
  });
  const { out } = await cli(['explain', LISTENER.id], withApi(api));
  assert.match(out, /^connection to shop\.example from 203\.0\.113\.9\nforward: it goes on\n/);
  const { err, exitCode } = await cli(['explain', LISTENER.id, '--node', 'n9'], withApi(api));
  assert.deepEqual([exitCode, err], [3, 'evenkeel: there is no node n9\n']);
});

test('traffic names the classes of responses', async () => {
  const counts = {
    connections: 4,
    activeConnections: 0,
    requests: 4,
    activeRequests: 0,
    bytesReceived: 1,
    bytesSent: 2,
  };
  await using api = await ScriptedApi.start({
    [`GET /v1/listeners/${LISTENER.id}`]: { body: LISTENER },
    [`GET /v1/listeners/${LISTENER.id}/traffic`]: {
      body: { listenerId: LISTENER.id, ...counts, responses: [0, 3, 0, 1, 0], ended: [], nodes: [] },
    },
  });
  const { out } = await cli(['traffic', LISTENER.id], withApi(api));
  assert.match(out, /responses:\n {2}1xx: 0\n {2}2xx: 3\n {2}3xx: 0\n {2}4xx: 1\n/);
});

test('a trial of a check tells by its exit code whether all targets have passed', async () => {
  const SERVICE = { id: 'svc-01m7y7pvpcamhyyt2q', name: 'web', loadBalancerId: WEB.id, targetGroupId: null };
  const trial = (passed: number, failed: number) => ({ body: { targets: [], nodes: [], passed, failed } });
  for (const [answer, expected] of [
    [trial(2, 0), 0],
    [trial(1, 1), 1],
  ] as const) {
    await using api = await ScriptedApi.start({
      [`GET /v1/backend-services/${SERVICE.id}`]: { body: SERVICE },
      [`POST /v1/backend-services/${SERVICE.id}/try-health-check`]: answer,
    });
    const { exitCode, out } = await cli(['try-health', SERVICE.id], withApi(api));
    assert.equal(exitCode, expected);
    assert.match(out, /Nothing has been changed\.\n$/);
  }
});

test('health shows one target, by its place or address', async () => {
  const target = (port: number) => ({
    targetId: `tgt-${port}`,
    address: '10.0.0.1',
    port,
    weight: 10,
    state: 'healthy',
    reason: '',
    since: null,
    flapping: null,
    traffic: { ejected: null, share: 100, failOpen: false },
  });
  await using api = await ScriptedApi.start({ ...READ, 'GET /v1/target-health': page(target(1), target(2)) });
  const shown = async (text: string) => await cli(['health', '--target', text, '-q'], withApi(api));
  assert.equal((await shown('10.0.0.1:2')).out, 'tgt-2\n');
  assert.equal((await shown('10.0.0.1')).out, 'tgt-1\ntgt-2\n');
  assert.deepEqual(
    [(await shown('10.0.0.9')).exitCode, (await shown('10.0.0.9')).err],
    [3, 'evenkeel: there is no target "10.0.0.9".\n'],
  );
});

test('request list shows what failed lately, a listener’s alone if one is named', async () => {
  const log = {
    method: 'GET',
    host: 'shop.test',
    uri: '/a',
    target: '10.0.0.1:80',
    client_ip: '192.0.2.1',
    request_id: 'r1',
  };
  const failed = {
    node: 'n1',
    endedAt: '2026-05-01T12:00:00.250Z',
    loadBalancerId: WEB.id,
    listenerId: LISTENER.id,
    status: 502,
    reason: 'target-connect',
    endedBy: 'target',
    phase: 'connect',
    meaning: 'The target went away.',
    log,
  };
  const silent = { node: 'n2', answered: false, problem: 'n2: it did not answer', since: null };
  await using api = await ScriptedApi.start({
    'GET /v1/requests': { body: { requests: [failed], nodes: [silent] } },
    'GET /v1/listeners': { body: { items: [LISTENER], nextCursor: null } },
    [`GET /v1/listeners/${LISTENER.id}`]: { body: LISTENER },
    [`GET /v1/requests?outcome=all&listenerId=${LISTENER.id}&limit=5`]: { body: { requests: [], nodes: [] } },
  });
  const { out } = await cli(['request', 'list'], withApi(api));
  assert.match(out, /12:00:00\.250Z +502 +target-connect +GET shop\.test \/a +10\.0\.0\.1:80 +192\.0\.2\.1 +r1\n/);
  assert.match(out, /n2: it did not answer\n$/);
  assert.equal((await cli(['request', 'list', '--quiet'], withApi(api))).out, 'r1\n');
  const one = await cli(['request', 'list', LISTENER.id, '--all', '--limit', '5'], withApi(api));
  assert.equal(one.out, 'No node remembers a request.\n');
});

test('request show tells the reason, and that nobody remembers', async () => {
  const found = {
    node: 'n1',
    endedAt: '2026-05-01T12:00:00.250Z',
    loadBalancerId: WEB.id,
    listenerId: LISTENER.id,
    status: 502,
    reason: 'target-connect',
    endedBy: 'target',
    phase: 'connect',
    meaning: 'The target went away.',
    log: { uri: '/a' },
  };
  const body = { requestId: 'r1', requests: [found], nodes: [] };
  await using api = await ScriptedApi.start({
    'GET /v1/requests/r1': { body },
    'GET /v1/requests/r2': problem('resource-not-found', 'no node remembers a request r2: n1 remembers no request'),
  });
  const { out } = await cli(['request', 'show', 'r1'], withApi(api));
  assert.match(out, /reason: +target-connect\n/);
  assert.match(out, /meaning: +The target went away\.\n/);
  assert.match(out, /uri: +\/a\n/);
  const quiet = await cli(['request', 'show', 'r1', '-q'], withApi(api));
  assert.equal(quiet.out, 'target-connect\n');
  const none = await cli(['request', 'show', 'r2'], withApi(api));
  assert.deepEqual(
    [none.exitCode, none.err],
    [3, 'evenkeel: no node remembers a request r2: n1 remembers no request\n'],
  );
});

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
