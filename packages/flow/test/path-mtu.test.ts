import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmdirSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, suite, test } from 'node:test';
import { requiresKernelDatapath } from '@evenkeel/testbed/kernel-datapath.ts';
import { ensureBpfFileSystem } from '../src/loader/bpffs.ts';
import { type LineProcess, Namespace } from './namespaces.ts';
import type { Work } from './peers/balancer.ts';

const [CLIENT, TARGET, VIP] = ['10.77.0.2', '10.77.1.2', '203.0.113.1'];
/** Bytes: of the way from the node to the target, which knows of no less than 1500, and says so to clients. */
const NARROW = 1400;
const UPLOAD = 4 * 1024 * 1024;
const peer = (name: string) => [process.execPath, join(import.meta.dirname, 'peers', `${name}.ts`)];

for (const [title, program, shortWay] of [
  ['sent on by the program at tcx', 'tcx', true],
  ['at tcx, routed by the kernel', 'tcx', false],
  ['at XDP, routed by the kernel', 'xdp', false],
] as const) {
  suite(`NAT to a target behind a narrower way, ${title}`, {
    skip: requiresKernelDatapath('ip', 'nsenter', 'ethtool'),
  }, () => {
    const namespaces: Namespace[] = [];
    let node: Namespace;
    let outside: Namespace;
    let client: LineProcess;
    let pins = '';

    before(async () => {
      const add = (name: string) => {
        namespaces.push(new Namespace(name));
        return namespaces.at(-1)!;
      };
      node = add('node');
      node.set('net/ipv4/ip_forward', '1');
      for (const which of ['all', 'default']) node.set(`net/ipv4/conf/${which}/rp_filter`, '0');
      outside = add('client');
      const target = add('target');
      node.join('node0', '10.77.0.1/24', outside, 'eth0', `${CLIENT}/24`);
      node.join('node1', '10.77.1.1/24', target, 'eth0', `${TARGET}/24`);
      node.ip(`route add ${TARGET}/32 dev node1 mtu lock ${NARROW}`);
      outside.ip('route add default via 10.77.0.1');
      target.ip('route add default via 10.77.1.1');
      if (program === 'xdp') {
        // Frames at XDP carry whole checksums, and whoever gets redirected ones polls for them.
        for (const other of [outside, target]) other.run('ethtool', '-K', 'eth0', 'tx', 'off', 'gro', 'on');
      }
      await target.start(...peer('target'), 'target', TARGET, '8080').line();
      client = outside.start(...peer('client'), CLIENT, VIP, '80');
      pins = mkdtempSync('/run/evenkeel-test-');
      ensureBpfFileSystem(pins);
      mkdirSync(join(pins, 'flow'));
      const work: Work = {
        ...{ pinFolder: join(pins, 'flow'), devices: ['node0', 'node1'], vip: VIP, port: 80 },
        ...{ settled: true, program, shortWay, targets: [{ address: TARGET, weight: 1 }] },
      };
      node.run(...peer('balancer'), JSON.stringify(work));
    });

    after(async () => {
      for (const namespace of namespaces) await namespace.remove();
      if (pins === '') return;
      execFileSync('umount', [pins]);
      rmdirSync(pins);
    });

    test('the client learns what fits there, and a large upload arrives', async () => {
      assert.equal(await client.ask<boolean | object>(`upload ${UPLOAD}`), true);
      assert.match(outside.run('ip', 'route', 'get', VIP), new RegExp(`mtu ${NARROW}\\b`));
    });
  });
}
