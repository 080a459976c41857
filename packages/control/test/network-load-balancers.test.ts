import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FakeAgent } from './fake-agent.ts';
import { Running } from './running.ts';

/** A load balancer of type network, and what its listeners are refused for. */
async function network(running: Running) {
  const lb = await running.call('createLoadBalancer', { body: { name: 'net', type: 'network' } });
  const create = (body: object) =>
    running.call('createListener', { body: { loadBalancerId: lb.id, ...body } as never });
  const refused = async (body: object) => {
    const problem = await running.refused('createListener', { body: { loadBalancerId: lb.id, ...body } as never });
    const [error] = problem.errors ?? [];
    return { code: problem.code, field: error?.field, reason: error?.reason, allowed: error?.allowed };
  };
  return { lb, create, refused };
}

test('tcp, udp, both on one port, and ranges: each with the defaults of its transport', async (t) => {
  const running = await Running.start(t);
  const { create } = await network(running);
  const udp = await create({ protocol: 'udp', port: 53, service: {} });
  assert.deepEqual([udp.name, udp.lastPort, udp.idleTimeout], ['udp-53', null, 300]);
  const tcp = await create({ protocol: 'tcp', port: 53 });
  assert.deepEqual([tcp.port, tcp.idleTimeout], [53, 1800], 'a port of UDP is another one');
  const range = await create({ protocol: 'tcp-udp', port: 9000, lastPort: 9010, service: {} });
  assert.deepEqual([range.name, range.lastPort], ['tcp-udp-9000-9010', 9010]);
  const params = { backendServiceId: udp.backendServiceId! };
  const service = await running.call('getBackendService', { params });
  assert.deepEqual([service.protocol, service.healthCheck.protocol, service.forwardingMode], ['udp', 'udp', 'nat']);
  const both = await running.call('getBackendService', { params: { backendServiceId: range.backendServiceId! } });
  assert.deepEqual([both.protocol, both.healthCheck.protocol], ['tcp-udp', 'tcp']);
});

test('ports that overlap in a transport are taken, ranges too', async (t) => {
  const running = await Running.start(t);
  const { create, refused } = await network(running);
  await create({ protocol: 'tcp-udp', port: 100, lastPort: 200 });
  for (const body of [
    { protocol: 'tcp', port: 100 },
    { protocol: 'udp', port: 200 },
    { protocol: 'udp', port: 50, lastPort: 100 },
  ]) {
    const { code, field } = await refused(body);
    assert.deepEqual([code, field], ['port-taken', '/port']);
  }
  await create({ protocol: 'udp', port: 201 });
  assert.deepEqual((await refused({ protocol: 'udp', port: 300, lastPort: 300 })).field, '/lastPort');
});

test('what a load balancer of the type cannot have is refused with what it can', async (t) => {
  const running = await Running.start(t);
  const { refused } = await network(running);
  assert.deepEqual((await refused({ protocol: 'http', port: 80 })).allowed, ['tcp', 'udp', 'tcp-udp']);
  const inline = await refused({ protocol: 'udp', port: 53, service: { proxyProtocol: 'v1' } });
  assert.deepEqual([inline.field, inline.allowed], ['/service/proxyProtocol', ['none', 'v2']]);
  assert.equal(
    (await refused({ protocol: 'udp', port: 53, service: { transparent: true } })).field,
    '/service/transparent',
  );
  const web = await running.call('createLoadBalancer', { body: { name: 'web' } });
  for (const [body, field] of [
    [{ protocol: 'udp', port: 53 }, '/protocol'],
    [{ protocol: 'tcp', port: 53, lastPort: 60 }, '/lastPort'],
    [{ protocol: 'tcp', port: 53, service: { forwardingMode: 'l2' } }, '/service/forwardingMode'],
    [{ protocol: 'tcp', port: 53, service: { onTargetFailure: 'reset' } }, '/service/onTargetFailure'],
    [{ protocol: 'tcp', port: 53, service: { sourceNat: true } }, '/service/sourceNat'],
  ] as const) {
    const problem = await running.refused('createListener', { body: { loadBalancerId: web.id, ...body } });
    assert.equal(problem.errors![0]!.field, field);
  }
});

test('source NAT: for nat alone, and not where targets are to see the client', async (t) => {
  const running = await Running.start(t);
  const { create, refused } = await network(running);
  for (const [settings, reason] of [
    [{ forwardingMode: 'gue' }, /is for forwarding mode nat: with gue, targets answer clients directly/],
    [{ transparent: true }, /contradicts transparent/],
  ] as const) {
    const problem = await refused({ protocol: 'tcp', port: 53, service: { sourceNat: true, ...settings } });
    assert.deepEqual([problem.field, problem.allowed], ['/service/sourceNat', false]);
    assert.match(problem.reason ?? '', reason);
  }
  const listener = await create({ protocol: 'tcp-udp', port: 53, service: { sourceNat: true, proxyProtocol: 'v2' } });
  const params = { backendServiceId: listener.backendServiceId! };
  assert.equal((await running.call('getBackendService', { params })).sourceNat, true);
  const problem = await running.refused('updateBackendService', { params, body: { forwardingMode: 'l2' } });
  assert.equal(problem.errors![0]!.field, '/sourceNat');
  await running.call('updateBackendService', { params, body: { forwardingMode: 'l2', sourceNat: false } });
  const other = await create({ protocol: 'tcp', port: 54, service: {} });
  const plain = await running.call('getBackendService', { params: { backendServiceId: other.backendServiceId! } });
  assert.equal(plain.sourceNat, false);
});

test('a document says it all, and again makes no change', async (t) => {
  const running = await Running.start(t);
  const document = {
    name: 'dns',
    type: 'network',
    listeners: [
      {
        protocol: 'udp',
        port: 53,
        service: { forwardingMode: 'l2', onTargetFailure: 'reset', targets: [{ address: '10.0.0.1' }] },
      },
      { protocol: 'tcp', port: 53, service: { sourceNat: true, targets: [{ address: '10.0.0.1' }] } },
      { protocol: 'udp', port: 9000, lastPort: 9003, service: { targets: [{ address: '10.0.0.1' }] } },
    ],
  } as const;
  const first = await running.call('applyConfiguration', { body: { loadBalancers: [document] } });
  assert.ok(first.changes.length > 0);
  const again = await running.call('applyConfiguration', { body: { loadBalancers: [document] } });
  assert.deepEqual(new Set(again.changes.map(({ action }) => action)), new Set(['unchanged']));
  const moved = { ...document, listeners: [{ ...document.listeners[2], name: 'udp-9000-9003', lastPort: 9004 }] };
  const problem = await running.refused('applyConfiguration', { body: { loadBalancers: [moved] } });
  assert.deepEqual(
    [problem.code, problem.errors![0]!.field],
    ['immutable-field', '/loadBalancers/0/listeners/0/lastPort'],
  );
});

test('a change of a service that a node cannot carry out is refused, as its listener is', async (t) => {
  const running = await Running.start(t);
  const { create } = await network(running);
  const { id, backendServiceId } = await create({ protocol: 'tcp', port: 53, service: {} });
  const agent = await FakeAgent.connect(running);
  agent.refuses = () => [{ listenerId: id, code: 'failed', detail: 'the kernel does not take its change' }];
  const params = { backendServiceId: backendServiceId! };
  const body = { algorithm: 'least-connections' } as const;
  const { operationId } = await running.call('updateBackendService', { params, body });
  const query = { wait: 'applied', timeout: 30 } as const;
  const operation = await running.call('getOperation', { params: { operationId }, query });
  assert.equal(operation.status, 'refused');
  assert.deepEqual(
    operation.nodes[0]!.refused.map(({ listenerId }) => listenerId),
    [id],
  );
  await agent.leave();
});
