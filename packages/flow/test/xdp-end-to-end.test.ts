import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, suite, test } from 'node:test';
import { requiresKernelDatapath } from '@evenkeel/testbed/kernel-datapath.ts';
import { ensureBpfFileSystem } from '../src/loader/bpffs.ts';
import { type LineProcess, Namespace } from './namespaces.ts';
import type { Work } from './peers/balancer.ts';

const VIP = '10.76.100.1';
const CLIENT = '10.76.0.2';
const TARGETS = ['10.76.1.2', '10.76.2.2'] as const;
const UPLOAD = 8 * 1024 * 1024;
/** What `ip` says of a program that the driver runs, not the kernel behind it. */
const NATIVE = 1;
const peer = (name: string) => [process.execPath, join(import.meta.dirname, 'peers', `${name}.ts`)];

// What a veth needs and a network card has: frames at XDP carry whole checksums, so senders have to compute them, and
// whoever gets redirected frames has to poll for them.
suite('the balancer at XDP, in the driver of a veth', {
  skip: requiresKernelDatapath('ip', 'nsenter', 'ethtool'),
}, () => {
  const namespaces: Namespace[] = [];
  const targets: Namespace[] = [];
  let node: Namespace;
  let client: LineProcess;
  let pins = '';

  const balance = (mode: 'l2' | 'nat') => {
    rmSync(join(pins, 'flow'), { recursive: true, force: true });
    mkdirSync(join(pins, 'flow'));
    const work: Work = {
      pinFolder: join(pins, 'flow'),
      devices: ['node0', 'node1', 'node2'],
      vip: VIP,
      port: 80,
      settled: false,
      mode,
      program: 'xdp',
      targets: TARGETS.map((address, index) => ({
        address,
        weight: 1,
        nextHop: {
          device: node.deviceNumber(`node${index + 1}`),
          mac: targets[index]!.mac('eth0'),
          ownMac: node.mac(`node${index + 1}`),
        },
      })),
    };
    node.run(...peer('balancer'), JSON.stringify(work));
    const [{ xdp }] = JSON.parse(node.run('ip', '-j', 'link', 'show', 'node0')) as [{ xdp: { mode: number } }];
    assert.equal(xdp.mode, NATIVE);
  };

  before(async () => {
    const add = (name: string) => {
      namespaces.push(new Namespace(name));
      return namespaces.at(-1)!;
    };
    const prepareDevice = (namespace: Namespace) => {
      namespace.run('ethtool', '-K', 'eth0', 'tx', 'off', 'gro', 'on');
    };
    node = add('node');
    for (const [parameter, value] of [
      ['ip_forward', '1'],
      ['conf/all/rp_filter', '0'],
      ['conf/default/rp_filter', '0'],
    ] as const) {
      node.set(`net/ipv4/${parameter}`, value);
    }
    const outside = add('client');
    node.join('node0', '10.76.0.1/24', outside, 'eth0', `${CLIENT}/24`);
    outside.ip('route add default via 10.76.0.1');
    prepareDevice(outside);
    const ready: Promise<string>[] = [];
    for (const [index, address] of TARGETS.entries()) {
      const target = add(`target${index + 1}`);
      targets.push(target);
      node.join(`node${index + 1}`, `10.76.${index + 1}.1/24`, target, 'eth0', `${address}/24`);
      target.ip(`route add default via 10.76.${index + 1}.1`);
      target.ip(`addr add ${VIP}/32 dev lo`);
      prepareDevice(target);
      for (const [own, port] of [
        [VIP, '80'],
        [address, '8080'],
      ] as const) {
        ready.push(target.start(...peer('target'), `target${index + 1}`, own, port).line());
      }
    }
    client = outside.start(...peer('client'), CLIENT, VIP, '80');
    pins = mkdtempSync('/run/evenkeel-test-');
    ensureBpfFileSystem(pins);
    await Promise.all(ready);
  });

  after(async () => {
    for (const namespace of namespaces) await namespace.remove();
    if (pins === '') return;
    execFileSync('umount', [pins]);
    rmdirSync(pins);
  });

  for (const mode of ['l2', 'nat'] as const) {
    test(`${mode}: TCP and UDP reach both targets, and a large upload arrives`, async () => {
      balance(mode);
      const both = new Set([`target1 ${CLIENT}`, `target2 ${CLIENT}`]);
      assert.deepEqual(new Set(await client.ask<string[]>('fresh 40')), both);
      const datagrams = await client.ask<string[]>('datagrams 20');
      assert.deepEqual(new Set(datagrams.map((answer) => answer.split(' ')[1])), new Set([CLIENT]));
      assert.equal(await client.ask<boolean>(`upload ${UPLOAD}`), true);
    });
  }
});
