import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import { requiresKernelDatapath } from '@evenkeel/testbed/kernel-datapath.ts';
import { deviceOf } from './device.ts';
import { deviceNames } from './device-names.ts';

test('devices are known by number, whether the machine has IPv6 or not', () => {
  assert.ok(deviceNames().includes('lo'));
  assert.deepEqual(deviceOf('lo'), { index: 1, isEthernet: true });
  for (const name of deviceNames()) {
    const list = `/proc/net/dev_snmp6/${name}`;
    const index = deviceOf(name)?.index;
    assert.ok(index !== undefined && index > 0, name);
    if (existsSync(list)) assert.equal(index, Number(/^ifIndex\s+(\d+)/m.exec(readFileSync(list, 'utf8'))?.[1]), name);
  }
});

test('there is no device of a name that none has or may have', () => {
  assert.deepEqual(['', 'evenkeel-none', 'longer than a name may be'].map(deviceOf), [null, null, null]);
});

test('a tunnel of IP has no Ethernet header, a bridge has', { skip: requiresKernelDatapath() }, (t) => {
  const [bridge, tunnel] = [`ekb${process.pid}`, `ekt${process.pid}`];
  const ip = (command: string) => execFileSync('ip', command.split(' '), { stdio: 'pipe' });
  ip(`link add ${bridge} type bridge`);
  t.after(() => ip(`link del ${bridge}`));
  assert.equal(deviceOf(bridge)?.isEthernet, true);
  ip(`tuntap add dev ${tunnel} mode tun`);
  t.after(() => ip(`link del ${tunnel}`));
  assert.equal(deviceOf(tunnel)?.isEthernet, false);
});
