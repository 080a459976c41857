import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { PlannedListener } from '@evenkeel/model/plan/objects.ts';
import type { EngineService } from '@evenkeel/proxy/engine/engine.ts';
import { listener, service } from './datapath-engine.fixture.ts';
import { whyNotKernel } from './decide.ts';

const LISTENER = listener();

const canRoute = () => true;

test('what the kernel can carry has no reason against it', () => {
  assert.equal(whyNotKernel(LISTENER, service(), canRoute), '');
  const limits = { connections: null, connectionsPerSecond: null } as PlannedListener['limits'] & object;
  assert.equal(whyNotKernel({ ...LISTENER, limits }, service(), canRoute), '');
  assert.equal(whyNotKernel({ ...LISTENER, addresses: ['2001:db8::1'] }, service({}, '2001:db8::2'), canRoute), '');
});

test('each thing that only the proxy can do is named', () => {
  const reason = (changes: Partial<PlannedListener>, its: EngineService | null = service()) =>
    whyNotKernel({ ...LISTENER, ...changes }, its, canRoute);
  assert.match(reason({ addresses: ['127.77.0.1'] }), /127\.77\.0\.1 is a loopback address/);
  assert.match(reason({ addresses: ['::1'] }), /loopback/);
  assert.match(reason({}, null), /no backend service/);
  assert.match(reason({}, service({ proxyProtocol: 2 })), /PROXY protocol/);
  assert.match(reason({ acceptProxyProtocol: true }), /PROXY protocol/);
  assert.match(reason({ serverNames: [{ name: 'a.test', serviceId: 'svc-1' }] }), /server names/);
  const limits = { connections: 10, connectionsPerSecond: null } as PlannedListener['limits'] & object;
  assert.match(reason({ limits }), /limits of connections/);
});

test('address translation wants one family, and a machine that forwards; the other modes do not', () => {
  assert.match(whyNotKernel(LISTENER, service({}, '2001:db8::2'), canRoute), /2001:db8::2.*IPv4 and IPv6/);
  const two = { ...LISTENER, addresses: ['192.0.2.1', '192.0.2.2'] };
  assert.equal(whyNotKernel(two, service(), canRoute), '');
  const both = { ...LISTENER, addresses: ['192.0.2.1', '2001:db8::1'] };
  assert.match(whyNotKernel(both, service(), canRoute), /2001:db8::1.*IPv4 and IPv6/);
  assert.equal(whyNotKernel(both, service({ forwardingMode: 'gue' }), canRoute), '');
  const stays = (family: 4 | 6) => family === 6;
  assert.match(whyNotKernel(LISTENER, service(), stays), /sysctl -w net\.ipv4\.ip_forward=1/);
  assert.equal(whyNotKernel(LISTENER, service({ forwardingMode: 'ipip' }), stays), '');
});
