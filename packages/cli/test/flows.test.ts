import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Flow, WatchedListener } from '@evenkeel/model/resources/flow.ts';
import { cli } from './run.ts';
import { page, problem, ScriptedApi } from './scripted-api.ts';
import { LISTENER, withApi } from './scripted-balancer.ts';

const FLOW: Flow = {
  node: 'n1',
  listenerId: LISTENER.id,
  backendServiceId: 'svc-1',
  targetId: 'tgt-1',
  protocol: 'tcp',
  client: '2001:db8::7',
  clientPort: 40_000,
  vip: '203.0.113.1',
  vipPort: 53,
  nodeAddress: null,
  nodePort: null,
  state: 'established',
  idleSeconds: 3,
  writtenDown: true,
  packets: 12,
  bytes: 3400,
  packetsPerSecond: null,
  bytesPerSecond: null,
};
const OTHER: Flow = { ...FLOW, targetId: 'tgt-2', client: '192.0.2.9', state: null, packets: null };
const WATCHED: WatchedListener = {
  node: 'n1',
  listenerId: LISTENER.id,
  datapath: 'kernel',
  activeFlows: 640,
  activeFlowsError: 141,
  sampledOneIn: 8,
};
const SILENT = { node: 'n3', answered: false, problem: 'n3: it did not answer', since: null };
const NAMES = {
  'GET /v1/listeners': page(LISTENER),
  'GET /v1/load-balancers': page({ id: LISTENER.loadBalancerId, name: 'edge' }),
  'GET /v1/backend-services/svc-1': { body: { targetGroupId: 'tg-1' } },
  'GET /v1/target-groups/tg-1/targets': page({ id: 'tgt-1', name: '', address: '10.0.0.1', port: 53 }),
};

test('flows lists where each goes, how many there are, and what is not listed', async () => {
  const inProxy = { ...WATCHED, node: 'n2', datapath: 'userspace', activeFlows: 5, sampledOneIn: 0 } as const;
  const body = { flows: [FLOW, OTHER], listeners: [WATCHED, inProxy], nodes: [SILENT] };
  await using api = await ScriptedApi.start({ 'GET /v1/flows': { body }, ...NAMES });
  const { out } = await cli(['flows'], withApi(api));
  assert.match(
    out,
    /n1 +tcp +\[2001:db8::7\]:40000 +203\.0\.113\.1:53 +10\.0\.0\.1:53 +established +3 s +12 +3400 +yes\n/,
  );
  assert.match(out, /192\.0\.2\.9:40000 +203\.0\.113\.1:53 +tgt-2 +–/);
  assert.match(
    out,
    new RegExp(`edge/${LISTENER.name} on n1: 640 ± 141 active flows, of which one in 8 is listed\\.\n`),
  );
  assert.match(out, /on n2: in the proxy, which does not list its 5 active flows\.\n/);
  assert.match(out, /n3: it did not answer\n$/);
  assert.deepEqual(JSON.parse((await cli(['flows', '--json'], withApi(api))).out), body);
});

test('flows --top asks for those that send the most', async () => {
  const top = { ...FLOW, packetsPerSecond: 1234.567, bytesPerSecond: 98_765.4 };
  const body = { flows: [top], listeners: [{ ...WATCHED, sampledOneIn: 1 }], nodes: [] };
  const query = `listenerId=${LISTENER.id}&client=192.0.2.1&limit=5&order=top`;
  await using api = await ScriptedApi.start({
    [`GET /v1/flows?${query}`]: { body },
    [`GET /v1/listeners/${LISTENER.id}`]: { body: LISTENER },
    ...NAMES,
    'GET /v1/backend-services/svc-1': problem('resource-not-found', 'there is no backend service svc-1'),
  });
  const { out } = await cli(['flows', LISTENER.id, '--top', '--client', '192.0.2.1', '--limit', '5'], withApi(api));
  assert.match(out, /BYTES\/S +PACKETS\/S\n/);
  assert.match(out, /tgt-1 +98800 +1230\n/);
  assert.match(out, /on n1: 640 active flows\.\n$/);
});

test('with source NAT, flows have what their targets see', async () => {
  const hidden = { ...FLOW, nodeAddress: '10.0.0.250', nodePort: 2_000 };
  const body = { flows: [hidden, OTHER], listeners: [WATCHED], nodes: [] };
  await using api = await ScriptedApi.start({ 'GET /v1/flows': { body }, ...NAMES });
  const { out } = await cli(['flows'], withApi(api));
  assert.match(out, /TARGET +SEEN AS +STATE/);
  assert.match(out, /10\.0\.0\.1:53 +10\.0\.0\.250:2000 +established/);
  assert.match(out, /tgt-2 +– +–/);
});

test('where there is nothing, that is said', async () => {
  const body = { flows: [], listeners: [], nodes: [] };
  await using api = await ScriptedApi.start({ 'GET /v1/flows': { body } });
  assert.equal((await cli(['flows'], withApi(api))).out, 'No flows are known in the kernel.\n');
});

const KERNEL = {
  packetsReceived: 12,
  packetsSent: 9,
  activeConnectionsError: 3,
  dropped: [{ reason: 'fragment', meaning: 'a fragment: only the first one has ports', count: 4 }],
};

test('traffic tells what the kernel has dropped, and why', async () => {
  const path = `GET /v1/listeners/${LISTENER.id}`;
  const body = {
    listenerId: LISTENER.id,
    connections: 2,
    responses: [0, 0, 0, 0, 0],
    kernel: KERNEL,
    ended: [],
    nodes: [],
  };
  await using api = await ScriptedApi.start({ [path]: { body: LISTENER }, [`${path}/traffic`]: { body } });
  const { out } = await cli(['traffic', LISTENER.id], withApi(api));
  assert.match(out, /packetsReceived: +12\n/);
  assert.match(out, /dropped\n +reason +meaning +count\n +fragment +a fragment: only the first one has ports +4\n/);
});

test('service traffic has packets and drops where the kernel carries a target', async () => {
  const carried = { connections: 31, bytesSent: 4000, bytesReceived: 90_000 };
  const counts = {
    activeRequests: 0,
    activeConnections: 7,
    requests: 0,
    connectErrors: 0,
    draining: false,
    ...carried,
  };
  const service = { id: 'svc-01aaaaaaaaaaaaaaaa', name: 'dns', targetGroupId: null };
  const path = `GET /v1/backend-services/${service.id}`;
  const targets = [
    { targetId: 'tgt-1', ...counts, kernel: KERNEL },
    { targetId: 'tgt-2', ...counts, kernel: null },
    { targetId: 'tgt-3', ...counts, draining: true, address: '2001:db8::1', port: 53, kernel: null },
  ];
  await using api = await ScriptedApi.start({
    [path]: { body: service },
    [`${path}/traffic`]: { body: { backendServiceId: service.id, targets, nodes: [] } },
  });
  const { out } = await cli(['service', 'traffic', service.id], withApi(api));
  assert.match(out, /SO FAR +BYTES SENT +BYTES RECEIVED +PACKETS SENT +PACKETS RECEIVED +DROPPED\n/);
  assert.match(out, /tgt-1 +registered +0 +7 ± 3 +0 +0 +31 +4000 +90000 +12 +9 +fragment 4\n/);
  assert.match(out, /tgt-2 +registered .*–\n/);
  assert.match(out, /\[2001:db8::1\]:53 +draining /, 'one that has been deregistered has no name any more');
});
