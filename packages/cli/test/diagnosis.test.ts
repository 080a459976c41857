import assert from 'node:assert/strict';
import { test } from 'node:test';
import { cli } from './run.ts';
import { page, problem, ScriptedApi } from './scripted-api.ts';
import { LISTENER, READ, WEB, withApi } from './scripted-balancer.ts';

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

test('of a flow in the kernel, explain tells what the tables say', async () => {
  const [opening, following] = ['forward', 'drop'].map((outcome) => ({
    outcome,
    targetId: outcome === 'forward' ? EXPLAINED.service.targets[0]!.targetId : null,
    reason: outcome === 'forward' ? '' : 'no_target',
  }));
  const ports = { client: '203.0.113.9', clientPort: 7, vip: '192.0.2.1', vipPort: 53, protocol: 'tcp' };
  const { targetId } = EXPLAINED.service.targets[0]!;
  const slot = {
    slot: 5,
    currentTargetId: targetId,
    previousTargetId: 'tgt-gone',
    remembers: true,
    keptTargetId: null,
  };
  const written = { targetId: 'tgt-gone', state: 'established', idleSeconds: 90, over: true };
  const source = { nodeAddress: '10.0.0.250', nodePort: 2_000 };
  const kernel = { ...ports, ...slot, written, ...source, opening, following };
  await using api = await ScriptedApi.start({
    ...READ,
    [`GET /v1/listeners/${LISTENER.id}`]: { body: { ...LISTENER, protocol: 'tcp-udp' } },
    [`GET /v1/explain?listenerId=${LISTENER.id}&path=%2F&sourcePort=7&protocol=tcp`]: {
      body: { ...EXPLAINED, rules: [], services: [], changes: [], kernel },
    },
  });
  const words = ['explain', LISTENER.id, '--source-port', '7', '--protocol', 'tcp'];
  const { out, err } = await cli(words, withApi(api));
  assert.match(out, /tcp from 203\.0\.113\.9:7 to 192\.0\.2\.1:53\n/, err);
  assert.match(out, /slot 5: 10\.0\.0\.1:80, before tgt-gone\n/);
  assert.match(out, /written down: at tgt-gone, established, silent for 90 s, which is too long: it counts no more\n/);
  assert.match(out, /by source NAT, the target sees 10\.0\.0\.250:2000\n/);
  assert.match(out, /a SYN: to 10\.0\.0\.1:80\n +in an open connection: dropped, no_target\n/);
  assert.doesNotMatch(out, /at xdp|at tcx/, 'a node of an older version does not say it');
});

test('of devices with programs at different points, explain tells which does what', async () => {
  const { targetId } = EXPLAINED.service.targets[0]!;
  const [sent, dropped] = [
    { outcome: 'forward', targetId, reason: '' },
    { outcome: 'drop', targetId, reason: 'no_next_hop' },
  ];
  const devices = Array.from({ length: 10 }, (_, number) => `eth${number}`);
  const ask = async (atXdp: object) => {
    const kernel = {
      ...{ client: '203.0.113.9', clientPort: 7, vip: '192.0.2.1', vipPort: 53, protocol: 'tcp' },
      ...{ slot: 5, currentTargetId: targetId, previousTargetId: targetId, remembers: false, keptTargetId: null },
      ...{ written: null, nodeAddress: null, nodePort: null, opening: atXdp, following: atXdp },
      points: [
        { point: 'tcx', devices, opening: sent, following: sent },
        { point: 'xdp', devices: ['ens1'], opening: atXdp, following: atXdp },
      ],
    };
    await using api = await ScriptedApi.start({
      ...READ,
      [`GET /v1/listeners/${LISTENER.id}`]: { body: { ...LISTENER, protocol: 'tcp' } },
      [`GET /v1/explain?listenerId=${LISTENER.id}&path=%2F&sourcePort=7`]: {
        body: { ...EXPLAINED, rules: [], services: [], changes: [], kernel },
      },
    });
    return await cli(['explain', LISTENER.id, '--source-port', '7'], withApi(api));
  };
  const many = 'at tcx of eth0, eth1, eth2, eth3, eth4, eth5, eth6, eth7 and 2 more';
  const { out, err } = await ask(dropped!);
  assert.ok(out.includes(`${many}, a SYN: to 10.0.0.1:80\n`), `${out}${err}`);
  assert.match(out, /at xdp of ens1, a SYN: dropped, no_next_hop\n/);
  assert.match(out, /at xdp of ens1, in an open connection: dropped, no_next_hop\n/);
  const { out: same } = await ask(sent!);
  assert.match(same, /\n +a SYN: to 10\.0\.0\.1:80\n +in an open connection: to 10\.0\.0\.1:80\n/);
  assert.ok(same.includes(`${many}; at xdp of ens1\n`), same);
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
    'GET /v1/requests': {
      body: { requests: [failed, { ...failed, log: { ...log, uri: `/${'b'.repeat(8_000)}` } }], nodes: [silent] },
    },
    'GET /v1/listeners': { body: { items: [LISTENER], nextCursor: null } },
    [`GET /v1/listeners/${LISTENER.id}`]: { body: LISTENER },
    [`GET /v1/requests?outcome=all&listenerId=${LISTENER.id}&limit=5`]: { body: { requests: [], nodes: [] } },
  });
  const { out } = await cli(['request', 'list'], withApi(api));
  assert.match(out, /12:00:00\.250Z +502 +target-connect +GET shop\.test \/a +10\.0\.0\.1:80 +192\.0\.2\.1 +r1\n/);
  assert.match(out, /n2: it did not answer\n$/);
  assert.match(out, / GET shop\.test \/b{64}… {2}10\.0\.0\.1:80 /, 'a long one does not make all rows long');
  assert.equal((await cli(['request', 'list', '--quiet'], withApi(api))).out, 'r1\nr1\n');
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
