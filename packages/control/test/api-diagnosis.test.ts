import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ExplainAnswer } from '@evenkeel/model/plan/query.ts';
import { FakeAgent } from './fake-agent.ts';
import { Running } from './running.ts';

const EXPLAINED: Omit<ExplainAnswer, 'listenerId'> = {
  generation: 1,
  request: { method: 'GET', host: 'a', path: '/', query: '', client: '192.0.2.1' },
  outcome: 'respond',
  status: 200,
  location: '',
  reason: 'none',
  why: 'rule x applies, and answers by itself',
  ruleOrder: 'priority',
  rules: [],
  rulesLeftOut: 0,
  changes: [],
  services: [],
  service: null,
};

const LINE = {
  time: '2026-05-01T12:00:00.250Z',
  load_balancer: 'lb-1',
  listener: 'lsn-1',
  status: 502,
  request_id: 'r-1',
  reason: 'target-response-head',
};

async function listenerOf(running: Running): Promise<string> {
  await running.call('createLoadBalancer', { body: { name: 'web', listeners: [{ protocol: 'http', port: 80 }] } });
  return (await running.call('listListeners')).items[0]!.id;
}

test('a node explains a request, and is named', async (t) => {
  const running = await Running.start(t);
  const listenerId = await listenerOf(running);
  const query = { listenerId, path: '/a?b=c', source: '192.0.2.1' };
  const none = await running.try('explain', { query });
  assert.deepEqual([none.status, (none.body as { code: string }).code], [503, 'node-unavailable']);

  const agent = await FakeAgent.connect(running);
  agent.answers = ({ question }) => ({ answer: { ...EXPLAINED, ...(question as { listenerId: string }) } });
  const answer = await running.call('explain', { query });
  assert.deepEqual([answer.node, answer.listenerId, answer.outcome], ['node-1', listenerId, 'respond']);
  const asked = agent.messages.at(-1);
  assert.ok(asked?.type === 'query' && asked.kind === 'explain');
  const { host, ...rest } = asked.question;
  assert.match(host, /^127\.\d+\.\d+\.\d+:80$/);
  assert.deepEqual(rest, {
    listenerId,
    method: 'GET',
    path: '/a?b=c',
    headers: [],
    cookies: [],
    source: '192.0.2.1',
    serverName: '',
  });
  const path = `/v1/explain?listenerId=${listenerId}&header=A%3A%201&header=B%3A2&cookie=c%3Dd`;
  assert.equal(
    (await running.send('GET', path, { headers: { authorization: `Bearer ${running.adminToken}` } })).status,
    200,
  );
  const listed = agent.messages.at(-1);
  assert.ok(listed?.type === 'query' && listed.kind === 'explain');
  assert.deepEqual([listed.question.headers, listed.question.cookies], [['A: 1', 'B:2'], ['c=d']]);
  await agent.leave();
});

test('of a network load balancer a flow is asked about, of ports that it listens on', async (t) => {
  const running = await Running.start(t);
  const listeners = [{ protocol: 'tcp-udp', port: 53 } as const, { protocol: 'udp', port: 60, lastPort: 69 } as const];
  await running.call('createLoadBalancer', { body: { name: 'net', type: 'network', listeners } });
  const { items } = await running.call('listListeners');
  const [both, range] = listeners.map(({ port }) => items.find((one) => one.port === port)!.id);
  const agent = await FakeAgent.connect(running);
  agent.answers = ({ question }) => ({ answer: { ...EXPLAINED, ...(question as { listenerId: string }) } });
  const asked = async (query: Readonly<Record<string, string | number>>) => {
    const { kernel } = await running.call('explain', { query });
    assert.equal(kernel, null, 'an older node says nothing of it');
    const message = agent.messages.at(-1);
    return message?.type === 'query' && message.kind === 'explain' ? message.question.flow : null;
  };
  assert.deepEqual(await asked({ listenerId: both! }), { protocol: 'tcp', sourcePort: 40_000, port: 53 });
  assert.deepEqual(await asked({ listenerId: range!, port: 69, sourcePort: 7 }), {
    protocol: 'udp',
    sourcePort: 7,
    port: 69,
  });
  for (const [field, query] of [
    ['query port', { listenerId: range!, port: 70 }],
    ['query port', { listenerId: both!, port: 54 }],
    ['query protocol', { listenerId: range!, protocol: 'tcp' }],
  ] as const) {
    const problem = await running.refused('explain', { query });
    assert.deepEqual([problem.code, problem.errors?.[0]?.field], ['validation-failed', field]);
  }
});

test('what cannot be a request is refused by field, before a node is asked', async (t) => {
  const running = await Running.start(t);
  const listenerId = await listenerOf(running);
  for (const [field, value] of [
    ['method', 'GET /'],
    ['path', '/ HTTP/1.1\r\nX: y'],
    ['header', 'X: a\r\nY: b'],
    ['header', 'no colon'],
    ['source', 'localhost'],
    ['listenerId', 'lsn-0'],
  ] as const) {
    const problem = await running.refused('explain', { query: { listenerId, [field]: value } });
    assert.equal(problem.code, 'validation-failed', `${field} ${value}`);
    assert.match(problem.errors?.[0]?.field ?? '', new RegExp(field));
  }
});

test('a problem of the node, an answer of another form, and a node that goes are told as such', async (t) => {
  const running = await Running.start(t);
  const listenerId = await listenerOf(running);
  const agent = await FakeAgent.connect(running);
  const ask = async () =>
    (await running.try('explain', { query: { listenerId } })).body as { code: string; detail: string };
  agent.answers = () => ({ problem: 'the listener does not run here' });
  assert.match((await ask()).detail, /^node-1: the listener does not run here$/);
  agent.answers = () => ({ answer: { outcome: 'maybe' } });
  assert.match((await ask()).detail, /in a form that is not known here/);
  agent.answers = () => undefined;
  const waiting = ask();
  await agent.until(() => agent.messages.filter(({ type }) => type === 'query').length === 3);
  await agent.leave();
  assert.match((await waiting).detail, /disconnected before it answered/);
});

test('a request is found on whichever node remembers it, with its reason in words', async (t) => {
  const running = await Running.start(t);
  const nodes = await Promise.all(['node-a', 'node-b', 'node-c'].map((node) => FakeAgent.connect(running, { node })));
  nodes[0]!.answers = () => ({ answer: { lines: [], since: Date.UTC(2026, 0, 1) } });
  nodes[1]!.answers = () => ({ answer: { lines: [LINE], since: Date.UTC(2026, 0, 2) } });
  nodes[2]!.answers = () => ({ problem: 'busy' });
  const report = await running.call('getRequest', { params: { requestId: 'r-1' } });
  const [found] = report.requests;
  assert.equal(report.requests.length, 1);
  assert.deepEqual(
    [found?.node, found?.status, found?.reason, found?.endedBy, found?.phase],
    ['node-b', 502, 'target-response-head', 'target', 'response-head'],
  );
  assert.equal(found?.log['request_id'], 'r-1');
  assert.deepEqual(
    report.nodes.map(({ node, answered, since }) => [node, answered, since]),
    [
      ['node-a', true, '2026-01-01T00:00:00.000Z'],
      ['node-b', true, '2026-01-02T00:00:00.000Z'],
      ['node-c', false, null],
    ],
  );
  nodes[1]!.answers = () => ({ answer: { lines: [], since: null } });
  const problem = await running.refused('getRequest', { params: { requestId: 'r-1' } });
  assert.equal(problem.code, 'resource-not-found');
  assert.match(problem.detail, /node-a remembers all since 2026-01-01.*node-b remembers no request/);
  for (const node of nodes) await node.leave();
});

test('the newest failures of all nodes are listed, or what else is asked for', async (t) => {
  const running = await Running.start(t);
  const listenerId = await listenerOf(running);
  assert.equal((await running.try('listRequests')).status, 503);
  const nodes = await Promise.all(['node-a', 'node-b', 'node-c'].map((node) => FakeAgent.connect(running, { node })));
  const at = (second: number) => ({ ...LINE, time: `2026-05-01T12:00:0${second}.000Z`, request_id: `r-${second}` });
  nodes[0]!.answers = () => ({ answer: { lines: [at(5), at(3), at(1)], since: Date.UTC(2026, 0, 1) } });
  nodes[1]!.answers = () => ({ answer: { lines: [at(4), at(2)], since: null } });
  // As one of an older version does.
  nodes[2]!.answers = () => ({ problem: 'the node does not know recent-requests' });
  const asked = () => {
    const message = nodes[0]!.messages.at(-1);
    assert.ok(message?.type === 'query' && message.kind === 'recent-requests');
    return message.question;
  };
  const all = await running.call('listRequests');
  assert.deepEqual(
    all.requests.map(({ log }) => log['request_id']),
    ['r-5', 'r-4', 'r-3', 'r-2', 'r-1'],
  );
  assert.deepEqual([all.requests[0]?.endedBy, all.requests[0]?.phase], ['target', 'response-head']);
  assert.deepEqual(
    all.nodes.map(({ answered, problem }) => [answered, problem]),
    [
      [true, ''],
      [true, ''],
      [false, 'node-c: the node does not know recent-requests'],
    ],
  );
  assert.deepEqual(asked(), { outcome: 'failed', listenerId: null, limit: 20 });
  const two = await running.call('listRequests', { query: { outcome: 'all', listenerId, limit: 2 } });
  assert.equal(two.requests.length, 2);
  assert.deepEqual(asked(), { outcome: 'all', listenerId, limit: 2 });
  for (const [field, value] of [
    ['outcome', 'good'],
    ['limit', 0],
    ['limit', 101],
    ['listenerId', 'lsn-0'],
    ['since', 'yesterday'],
  ] as const) {
    const problem = await running.try('listRequests', { query: { [field]: value } as never });
    assert.equal(problem.status, 400, `${field} ${value}`);
    assert.match(JSON.stringify(problem.body), new RegExp(field));
  }
  const gone = `${listenerId.slice(0, -1)}${listenerId.endsWith('0') ? '1' : '0'}`;
  assert.equal((await running.refused('listRequests', { query: { listenerId: gone } })).code, 'resource-not-found');
  for (const node of nodes) await node.leave();
});

test('what nodes have counted is added up, requests that ended by reason', async (t) => {
  const running = await Running.start(t);
  const listenerId = await listenerOf(running);
  const counted = {
    connections: 1,
    activeConnections: 0,
    requests: 5,
    activeRequests: 1,
    bytesReceived: 9,
    bytesSent: 8,
  };
  const nodes = await Promise.all(['node-a', 'node-b', 'node-c'].map((node) => FakeAgent.connect(running, { node })));
  for (const [index, node] of nodes.entries()) {
    const reasons = { none: 3 + index, 'target-connect': 1, 'proxy-route': 0 };
    // A node of an older version says nothing of doubts.
    const desync = { 'line-end': 1, 'unexpected-body': 4, version: 0 };
    const listeners = [{ ...counted, responses: [0, 3, 0, 0, 1], reasons, ...(index < 2 && { desync }) }];
    node.answers = () => ({ answer: { listeners, targets: [] } });
  }
  const traffic = await running.call('getListenerTraffic', { params: { listenerId } });
  assert.deepEqual([traffic.requests, traffic.responses], [15, [0, 9, 0, 0, 3]]);
  assert.deepEqual(traffic.ended, [
    { reason: 'none', endedBy: 'nobody', phase: '', count: 12 },
    { reason: 'target-connect', endedBy: 'target', phase: 'connect', count: 3 },
  ]);
  assert.deepEqual(traffic.desync, [
    { reason: 'unexpected-body', count: 8 },
    { reason: 'line-end', count: 2 },
  ]);
  for (const node of nodes) await node.leave();
});

test('what nodes have counted of rules is added up, for the rules that there are, in order', async (t) => {
  const running = await Running.start(t);
  const { id: loadBalancerId } = await running.call('createLoadBalancer', { body: { name: 'web', listeners: [] } });
  const respond = { status: 404 } as const;
  const group = await running.call('createRuleGroup', {
    body: {
      loadBalancerId,
      name: 'g',
      rules: [
        { name: 'late', priority: 20, match: { hosts: ['late.test'] }, respond },
        { name: 'early', priority: 10, match: { hosts: ['early.test'] }, respond },
        { name: 'never', priority: 30, match: { hosts: ['never.test'] }, respond },
      ],
    },
  });
  const params = { ruleGroupId: group.id };
  const rules = (await running.call('listRules', { params })).items;
  const idOf = (name: string) => rules.find((rule) => rule.name === name)!.id;
  const nodes = await Promise.all(['node-a', 'node-b', 'node-c'].map((node) => FakeAgent.connect(running, { node })));
  nodes[0]!.answers = () => ({
    answer: { listeners: [], targets: [], rules: [{ ruleId: idOf('late'), requests: 3 }] },
  });
  nodes[1]!.answers = () => ({
    answer: {
      listeners: [],
      targets: [],
      rules: [
        { ruleId: idOf('early'), requests: 1 },
        { ruleId: idOf('late'), requests: 4 },
        { ruleId: 'rule-gone', requests: 9 },
      ],
    },
  });
  // A node of an older version counts no rules.
  nodes[2]!.answers = () => ({ answer: { listeners: [], targets: [] } });
  const traffic = await running.call('getRuleGroupTraffic', { params });
  assert.equal(traffic.ruleGroupId, group.id);
  assert.deepEqual(
    traffic.rules.map(({ name, requests }) => [name, requests]),
    [
      ['early', 1],
      ['late', 7],
      ['never', 0],
    ],
  );
  assert.deepEqual(
    traffic.nodes.map(({ answered }) => answered),
    [true, true, true],
  );
  const asked = nodes[0]!.messages.at(-1);
  assert.ok(asked?.type === 'query' && asked.kind === 'traffic');
  assert.deepEqual(asked.question, { listenerId: '', serviceId: '', ruleGroupId: group.id });
  const { code } = await running.refused('getRuleGroupTraffic', {
    params: { ruleGroupId: `${group.id.slice(0, -1)}${group.id.endsWith('0') ? '1' : '0'}` },
  });
  assert.equal(code, 'resource-not-found');
  for (const node of nodes) await node.leave();
});
