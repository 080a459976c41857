import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ownAddresses } from './node-network.ts';

const entry = (address: string, internal: boolean) => ({
  ...{ address, internal, netmask: '', mac: '', cidr: null },
  ...(address.includes(':') ? { family: 'IPv6' as const, scopeid: 0 } : { family: 'IPv4' as const }),
});

test('addresses of the node are those of all its devices, once each, but for loopback and those of a link', () => {
  const lo = ['127.0.0.1', '127.7.0.1', '::1', '192.0.2.77', '2001:db8::77'].map((one) => entry(one, true));
  const eth0 = ['192.0.2.1', '2001:db8::1', 'fe80::1'].map((one) => entry(one, false));
  const own = ['192.0.2.77', '2001:db8::77', '192.0.2.1', '2001:db8::1'];
  assert.deepEqual(ownAddresses({ lo, eth0, eth1: [entry('192.0.2.1', false)] }), own);
});
