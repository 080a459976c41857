import assert from 'node:assert/strict';
import { test } from 'node:test';
import { addCommands, removeCommands } from './host-settings.ts';

test('VIPs lie on the loopback device, and nobody is told', () => {
  const commands = addCommands({ vips: ['203.0.113.1', '2001:db8::1'], device: 'eth0.7' }).map((words) =>
    words.join(' '),
  );
  assert.deepEqual(commands, [
    'sysctl -qw net.ipv4.conf.all.arp_ignore=1 net.ipv4.conf.all.arp_announce=2',
    'sysctl -qw net.ipv4.conf.eth0/7.rp_filter=2',
    'ip addr replace 203.0.113.1/32 dev lo',
    'ip addr replace 2001:db8::1/128 dev lo nodad',
  ]);
});

test('IPv6 alone needs no parameters of IPv4; removing leaves parameters as they are', () => {
  assert.equal(addCommands({ vips: ['2001:db8::1'], device: 'eth0' }).length, 1);
  assert.deepEqual(removeCommands({ vips: ['203.0.113.1'], device: 'eth0' }), [
    ['ip', 'addr', 'del', '203.0.113.1/32', 'dev', 'lo'],
  ]);
});
