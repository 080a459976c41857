import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { SeenFlow } from '@evenkeel/model/plan/flows.ts';
import { FakeAgent } from './fake-agent.ts';
import { Running } from './running.ts';

function flow(listenerId: string, more: Partial<SeenFlow> = {}): SeenFlow {
  return {
    listenerId,
    serviceId: 'svc-1',
    targetId: 'tgt-1',
    protocol: 'udp',
    client: '198.51.100.7',
    clientPort: 4000,
    vip: '203.0.113.1',
    vipPort: 53,
    state: 'established',
    idleSeconds: 1,
    isWritten: false,
    packets: 3,
    bytes: 180,
    packetsPerSecond: null,
    bytesPerSecond: null,
    ...more,
  };
}

const watched = (listenerId: string) =>
  ({ listenerId, datapath: 'kernel', activeFlows: 640, activeFlowsError: 60, sampledOneIn: 8 }) as const;

/** A network load balancer of a tenant, and its listener. */
async function listenerOf(running: Running, name: string, headers: Record<string, string> = {}): Promise<string> {
  const listeners = [{ protocol: 'udp', port: 53, service: { targets: [{ address: '192.0.2.7' }] } }] as const;
  await running.call('createLoadBalancer', { headers, body: { name, type: 'network', listeners: [...listeners] } });
  return (await running.call('listListeners', { headers })).items[0]!.id;
}

test('flows of all nodes are listed in order, and no more than was asked for', async (t) => {
  const running = await Running.start(t);
  const listenerId = await listenerOf(running, 'dns');
  assert.equal((await running.try('listFlows')).status, 503);
  const nodes = await Promise.all(['node-a', 'node-b', 'node-c'].map((node) => FakeAgent.connect(running, { node })));
  const ages = (...seconds: number[]) => seconds.map((idleSeconds) => flow(listenerId, { idleSeconds }));
  nodes[0]!.answers = () => ({ answer: { flows: ages(1, 5), listeners: [watched(listenerId)] } });
  nodes[1]!.answers = () => ({ answer: { flows: ages(3, 7), listeners: [watched(listenerId)] } });
  nodes[2]!.answers = () => ({ problem: 'the node does not know flows' });
  const all = await running.call('listFlows');
  assert.deepEqual(
    all.flows.map(({ node, idleSeconds }) => [node, idleSeconds]),
    [
      ['node-a', 1],
      ['node-b', 3],
      ['node-a', 5],
      ['node-b', 7],
    ],
  );
  const { backendServiceId, targetId, writtenDown } = all.flows[0]!;
  assert.deepEqual([backendServiceId, targetId, writtenDown], ['svc-1', 'tgt-1', false]);
  assert.equal(all.flows[0]!.nodePort, null, 'a node of an older version does not say it');
  assert.deepEqual(all.listeners[1], { node: 'node-b', ...watched(listenerId) });
  assert.deepEqual(all.nodes[2]!.problem, 'node-c: the node does not know flows');

  const rates = (...bytes: number[]) => bytes.map((bytesPerSecond) => flow(listenerId, { bytesPerSecond }));
  nodes[0]!.answers = () => ({ answer: { flows: rates(90, 10), listeners: [] } });
  nodes[1]!.answers = () => ({ answer: { flows: rates(50, 40), listeners: [] } });
  const query = { listenerId, client: '198.51.100.7', order: 'top', limit: 3 } as const;
  const top = await running.call('listFlows', { query });
  assert.deepEqual(
    top.flows.map(({ bytesPerSecond }) => bytesPerSecond),
    [90, 50, 40],
  );
  const asked = nodes[0]!.messages.at(-1);
  assert.ok(asked?.type === 'query' && asked.kind === 'flows');
  assert.deepEqual(asked.question, {
    listenerIds: [listenerId],
    targetId: null,
    client: '198.51.100.7',
    order: 'top',
    limit: 3,
  });
  for (const node of nodes) await node.leave();
});

test('what cannot be asked for is told by its field', async (t) => {
  const running = await Running.start(t);
  const listenerId = await listenerOf(running, 'dns');
  for (const [field, value] of [
    ['order', 'size'],
    ['limit', 0],
    ['limit', 501],
    ['client', 'somebody'],
    ['listenerId', 'lsn-0'],
  ] as const) {
    const problem = await running.try('listFlows', { query: { [field]: value } as never });
    assert.equal(problem.status, 400, `${field} ${value}`);
    assert.match(JSON.stringify(problem.body), new RegExp(field));
  }
  const gone = `${listenerId.slice(0, -1)}${listenerId.endsWith('0') ? '1' : '0'}`;
  assert.equal((await running.refused('listFlows', { query: { listenerId: gone } })).code, 'resource-not-found');
  const noTarget = gone.replace(/^[a-z]+-/, 'tgt-');
  assert.equal((await running.refused('listFlows', { query: { targetId: noTarget } })).code, 'resource-not-found');
});

test('a tenant gets the flows of its own listeners, whatever a node says', async (t) => {
  const running = await Running.start(t);
  const team = await running.call('createTenant', { body: { name: 'team' } });
  const headers = { 'evenkeel-tenant': team.id };
  const ours = await listenerOf(running, 'dns');
  const theirs = await listenerOf(running, 'dns', headers);
  const node = await FakeAgent.connect(running, { node: 'node-a' });
  node.answers = () => ({
    answer: { flows: [flow(ours), flow(theirs)], listeners: [watched(ours), watched(theirs)] },
  });
  const answer = await running.call('listFlows', { headers });
  assert.deepEqual(
    answer.flows.map(({ listenerId }) => listenerId),
    [theirs],
  );
  assert.deepEqual(
    answer.listeners.map(({ listenerId }) => listenerId),
    [theirs],
  );
  const asked = node.messages.at(-1);
  assert.ok(asked?.type === 'query' && asked.kind === 'flows');
  assert.deepEqual(asked.question.listenerIds, [theirs]);
  const other = await running.refused('listFlows', { headers, query: { listenerId: ours } });
  assert.equal(other.code, 'resource-not-found');
  await node.leave();
});

test('what the kernels have counted of a listener is added up, drops by reason, in words', async (t) => {
  const running = await Running.start(t);
  const listenerId = await listenerOf(running, 'dns');
  const counted = {
    connections: 2,
    activeConnections: 1,
    requests: 0,
    activeRequests: 0,
    responses: [0, 0, 0, 0, 0],
    bytesReceived: 900,
    bytesSent: 800,
    reasons: {},
  };
  const kernel = { packets: 9, answers: 8, dropped: { fragment: 1, malformed: 0, novel: 4 }, activeError: 3 };
  const nodes = await Promise.all(['node-a', 'node-b', 'node-c'].map((node) => FakeAgent.connect(running, { node })));
  for (const [index, node] of nodes.entries()) {
    const listeners = [{ ...counted, ...(index < 2 && { kernel: { ...kernel, activeError: 3 + index } }) }];
    const targets = [
      {
        ...counted,
        targetId: 'tgt-1',
        idleConnections: 0,
        connectErrors: 0,
        replays: 0,
        ...(index === 0 && { kernel }),
        // The others are of an older version.
        ...(index === 1 && { address: '2001:db8::1', port: 53 }),
      },
    ];
    node.answers = () => ({ answer: { listeners, targets } });
  }
  const traffic = await running.call('getListenerTraffic', { params: { listenerId } });
  assert.deepEqual([traffic.connections, traffic.bytesReceived], [6, 2_700]);
  assert.deepEqual(traffic.kernel, {
    packetsReceived: 18,
    packetsSent: 16,
    activeConnectionsError: 5,
    dropped: [
      { reason: 'novel', meaning: '', count: 8 },
      { reason: 'fragment', meaning: 'a fragment: only the first one has ports', count: 2 },
    ],
  });
  const { id: backendServiceId } = (await running.call('listBackendServices')).items[0]!;
  const service = await running.call('getBackendServiceTraffic', { params: { backendServiceId } });
  assert.equal(service.targets[0]!.kernel?.packetsReceived, 9);
  assert.deepEqual([service.targets[0]!.address, service.targets[0]!.port], ['2001:db8::1', 53]);
  for (const node of nodes) node.answers = () => ({ answer: { listeners: [counted], targets: [] } });
  assert.equal((await running.call('getListenerTraffic', { params: { listenerId } })).kernel, null);
  for (const node of nodes) await node.leave();
});
