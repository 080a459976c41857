import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { PlannedListener, PlannedService } from '@evenkeel/model/plan/objects.ts';
import { PLAIN_SERVICE, PLAIN_TCP_LISTENER } from '@evenkeel/model/plan/plain.ts';
import type { EngineService } from '@evenkeel/proxy/engine/engine.ts';
import { whyNotKernel } from './decide.ts';

const LISTENER: PlannedListener = {
  ...PLAIN_TCP_LISTENER,
  id: 'lsn-1',
  loadBalancerId: 'lb-1',
  loadBalancerName: 'net',
  name: 'tcp-80',
  protocol: 'tcp',
  addresses: ['192.0.2.1'],
  port: 80,
  isNetwork: true,
  serviceId: 'svc-1',
  idleTimeout: 1_000,
  headerTimeout: 1_000,
  accessLog: false,
};

function serviceOf(changes: Partial<PlannedService> = {}, address = '10.0.0.1'): EngineService {
  const service: PlannedService = {
    ...PLAIN_SERVICE,
    id: 'svc-1',
    name: 'svc',
    protocol: 'tcp',
    algorithm: 'round-robin',
    groupId: 'tg-1',
    port: 80,
    healthCheck: null,
    connectTimeout: 4_000,
    readTimeout: 1_000,
    drainTimeout: 1_000,
    ...changes,
  };
  return { service, targets: [{ id: 'tgt-1', address, port: 80, weight: 1, state: 'active', eligible: true }] };
}

const canRoute = () => true;

test('what the kernel can carry has no reason against it', () => {
  assert.equal(whyNotKernel(LISTENER, serviceOf(), canRoute), '');
  const limits = { connections: null, connectionsPerSecond: null } as PlannedListener['limits'] & object;
  assert.equal(whyNotKernel({ ...LISTENER, limits }, serviceOf(), canRoute), '');
  assert.equal(whyNotKernel({ ...LISTENER, addresses: ['2001:db8::1'] }, serviceOf({}, '2001:db8::2'), canRoute), '');
});

test('each thing that only the proxy can do is named', () => {
  const reason = (listener: Partial<PlannedListener>, service: EngineService | null = serviceOf()) =>
    whyNotKernel({ ...LISTENER, ...listener }, service, canRoute);
  assert.match(reason({ addresses: ['127.77.0.1'] }), /127\.77\.0\.1 is a loopback address/);
  assert.match(reason({ addresses: ['::1'] }), /loopback/);
  assert.match(reason({}, null), /no backend service/);
  assert.match(reason({}, serviceOf({ proxyProtocol: 2 })), /PROXY protocol/);
  assert.match(reason({ acceptProxyProtocol: true }), /PROXY protocol/);
  assert.match(reason({ serverNames: [{ name: 'a.test', serviceId: 'svc-1' }] }), /server names/);
  const limits = { connections: 10, connectionsPerSecond: null } as PlannedListener['limits'] & object;
  assert.match(reason({ limits }), /limits of connections/);
});

test('address translation wants one family, and a machine that forwards; the other modes do not', () => {
  assert.match(whyNotKernel(LISTENER, serviceOf({}, '2001:db8::2'), canRoute), /2001:db8::2.*IPv4 and IPv6/);
  const two = { ...LISTENER, addresses: ['192.0.2.1', '192.0.2.2'] };
  assert.equal(whyNotKernel(two, serviceOf(), canRoute), '');
  const both = { ...LISTENER, addresses: ['192.0.2.1', '2001:db8::1'] };
  assert.match(whyNotKernel(both, serviceOf(), canRoute), /2001:db8::1.*IPv4 and IPv6/);
  assert.equal(whyNotKernel(both, serviceOf({ forwardingMode: 'gue' }), canRoute), '');
  const stays = (family: 4 | 6) => family === 6;
  assert.match(whyNotKernel(LISTENER, serviceOf(), stays), /sysctl -w net\.ipv4\.ip_forward=1/);
  assert.equal(whyNotKernel(LISTENER, serviceOf({ forwardingMode: 'ipip' }), stays), '');
});
