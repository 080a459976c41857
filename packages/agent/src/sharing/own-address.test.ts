import assert from 'node:assert/strict';
import type { NetworkInterfaceInfo } from 'node:os';
import { test } from 'node:test';
import { reachableAddress } from './own-address.ts';

const one = (address: string, internal = false) =>
  ({ address, internal, family: address.includes(':') ? 'IPv6' : 'IPv4' }) as NetworkInterfaceInfo;
const interfaces = {
  lo: [one('127.0.0.1', true), one('::1', true), one('203.0.113.1', true)],
  eth0: [one('fe80::1'), one('feb0::1'), one('169.254.3.4'), one('192.0.2.7'), one('2001:db8::7')],
};

test('the address from which the control plane is reached', () => {
  assert.equal(reachableAddress('192.0.2.9', interfaces), '192.0.2.9');
  assert.equal(reachableAddress('::ffff:192.0.2.9', interfaces), '192.0.2.9');
  assert.equal(reachableAddress('2001:db8::9', interfaces), '2001:db8::9');
});

test('beside the control plane, one that others can reach; VIPs of the loopback device are none', () => {
  assert.equal(reachableAddress('127.0.0.1', interfaces), '192.0.2.7');
  assert.equal(reachableAddress('::ffff:127.0.0.1', interfaces), '192.0.2.7');
  assert.equal(reachableAddress('::1', interfaces), '2001:db8::7');
  assert.equal(reachableAddress('127.0.0.1', { lo: interfaces.lo }), null);
});
