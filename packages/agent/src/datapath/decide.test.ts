import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { PlannedListener } from '@evenkeel/model/plan/objects.ts';
import type { EngineService } from '@evenkeel/proxy/engine/engine.ts';
import { listener, service } from './datapath-engine.fixture.ts';
import { type Machine, whyNotKernel } from './decide.ts';

const LISTENER = listener();

const MACHINE: Machine = {
  forwards: () => true,
  firstLocalPort: () => 32_768,
  isOwn: () => false,
  refusesAnswers: () => '',
};

test('what the kernel can carry has no reason against it', () => {
  assert.equal(whyNotKernel(LISTENER, service(), MACHINE), '');
  const limits = { connections: null, connectionsPerSecond: null } as PlannedListener['limits'] & object;
  assert.equal(whyNotKernel({ ...LISTENER, limits }, service(), MACHINE), '');
  assert.equal(whyNotKernel({ ...LISTENER, addresses: ['2001:db8::1'] }, service({}, '2001:db8::2'), MACHINE), '');
});

test('each thing that only the proxy can do is named', () => {
  const reason = (changes: Partial<PlannedListener>, its: EngineService | null = service()) =>
    whyNotKernel({ ...LISTENER, ...changes }, its, MACHINE);
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
  assert.match(whyNotKernel(LISTENER, service({}, '2001:db8::2'), MACHINE), /2001:db8::2.*IPv4 and IPv6/);
  const two = { ...LISTENER, addresses: ['192.0.2.1', '192.0.2.2'] };
  assert.equal(whyNotKernel(two, service(), MACHINE), '');
  const both = { ...LISTENER, addresses: ['192.0.2.1', '2001:db8::1'] };
  assert.match(whyNotKernel(both, service(), MACHINE), /2001:db8::1.*IPv4 and IPv6/);
  assert.equal(whyNotKernel(both, service({ forwardingMode: 'gue' }), MACHINE), '');
  const stays = { ...MACHINE, forwards: (parameter: string) => parameter.includes('ipv6') };
  assert.match(whyNotKernel(LISTENER, service(), stays), /sysctl -w net\.ipv4\.ip_forward=1/);
  assert.equal(whyNotKernel(LISTENER, service({ forwardingMode: 'ipip' }), stays), '');
});

test('address translation wants a machine that takes answers of all targets, under all addresses', () => {
  const refusesAnswers = (vip: string, target: string) =>
    vip === '192.0.2.2' && target === '10.0.0.1' ? 'they are dropped' : '';
  const machine = { ...MACHINE, refusesAnswers };
  const two = { ...LISTENER, addresses: ['192.0.2.1', '192.0.2.2'] };
  assert.equal(whyNotKernel(two, service(), machine), 'they are dropped');
  assert.equal(whyNotKernel(LISTENER, service(), machine), '');
  assert.equal(whyNotKernel(two, service({}, '10.0.0.2'), machine), '');
  assert.equal(whyNotKernel(two, service({ sourceNat: true }), machine), 'they are dropped');
  for (const mode of [{ forwardingMode: 'l2' }, { forwardingMode: 'ipip' }]) {
    assert.equal(whyNotKernel(two, service(mode), machine), '', 'targets answer directly');
  }
});

test('source NAT wants ports that the machine does not use itself', () => {
  const hidden = service({ sourceNat: true });
  assert.equal(whyNotKernel(LISTENER, hidden, MACHINE), '');
  const wide = { ...MACHINE, firstLocalPort: () => 1_024 };
  assert.match(whyNotKernel(LISTENER, hidden, wide), /ports 1024 to 32767 .*ip_local_port_range="32768 60999"/);
  assert.equal(whyNotKernel(LISTENER, service(), wide), '');
  assert.match(whyNotKernel(LISTENER, service({ sourceNat: true }, '2001:db8::2'), MACHINE), /IPv4 and IPv6/);
});

test('what this node answers itself passes no device, in any mode', () => {
  const machine = { ...MACHINE, isOwn: (address: string) => address === '10.0.0.9' };
  assert.equal(whyNotKernel(LISTENER, service(), machine), '');
  for (const mode of [{}, { sourceNat: true }, { forwardingMode: 'l2' }, { forwardingMode: 'gue' }]) {
    assert.match(whyNotKernel(LISTENER, service(mode, '10.0.0.9'), machine), /^10\.0\.0\.9 is this node itself/);
  }
});
