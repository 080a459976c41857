import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmdirSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, suite, test } from 'node:test';
import { requiresKernelDatapath } from '@evenkeel/testbed/kernel-datapath.ts';
import { ensureBpfFileSystem } from '../src/loader/bpffs.ts';
import { type LineProcess, Namespace } from './namespaces.ts';
import type { Work } from './peers/balancer.ts';

const VIP = '10.78.100.1';
const CLIENT = '10.78.0.2';
const [NODE, NODE6] = ['10.78.1.1', 'fd00:78:1::1'];
const [TARGET, TARGET6] = ['10.78.2.2', 'fd00:78:2::2'];
/** Bytes: of the link from the router to the target. The target knows of no less than 1500, and says so to clients. */
const NARROW = 1400;
const peer = (name: string) => [process.execPath, join(import.meta.dirname, 'peers', `${name}.ts`)];
const SET_UP = join(import.meta.dirname, '..', '..', '..', 'tools', 'flow-target.ts');

suite('a narrow link behind a router, on the way of a tunnel', {
  skip: requiresKernelDatapath('ip', 'nsenter', 'sysctl'),
}, () => {
  const namespaces: Namespace[] = [];
  const mounts: string[] = [];
  let node: Namespace;
  let router: Namespace;
  let outside: Namespace;
  let client: LineProcess;

  const add = (name: string) => {
    namespaces.push(new Namespace(name));
    return namespaces.at(-1)!;
  };
  const mount = () => {
    mounts.push(mkdtempSync('/run/evenkeel-test-'));
    ensureBpfFileSystem(mounts.at(-1)!);
    return mounts.at(-1)!;
  };

  before(async () => {
    node = add('node');
    router = add('router');
    for (const one of [node, router]) one.set('net/ipv4/ip_forward', '1');
    outside = add('client');
    const target = add('target');
    node.join('node0', '10.78.0.1/24', outside, 'eth0', `${CLIENT}/24`);
    outside.ip('route add default via 10.78.0.1');
    node.join('node1', `${NODE}/24`, router, 'near', '10.78.1.2/24');
    router.join('far', '10.78.2.1/24', target, 'eth0', `${TARGET}/24`);
    router.ip(`link set far mtu ${NARROW}`);
    router.ip(`route add default via ${NODE}`);
    target.ip('route add default via 10.78.2.1');
    for (const one of [node, router]) one.set('net/ipv6/conf/all/forwarding', '1');
    node.ip(`addr add ${NODE6}/64 dev node1 nodad`);
    node.ip('route add fd00:78:2::/64 via fd00:78:1::2');
    router.ip('addr add fd00:78:1::2/64 dev near nodad');
    router.ip('addr add fd00:78:2::1/64 dev far nodad');
    target.ip(`addr add ${TARGET6}/64 dev eth0 nodad`);
    target.ip('route add default via fd00:78:2::1');
    const balancers = `${NODE},${NODE6}`;
    const addressed = ['--vip', VIP, '--device', 'eth0', '--balancer', balancers, '--bpf', mount()];
    target.run(process.execPath, SET_UP, 'add', ...addressed);
    await target.start(...peer('target'), 'target1', VIP, '80').line();
    client = outside.start(...peer('client'), CLIENT, VIP, '80');
  });

  after(async () => {
    for (const namespace of namespaces) await namespace.remove();
    for (const folder of mounts) {
      execFileSync('umount', [folder]);
      rmdirSync(folder);
    }
  });

  async function uploads(how: Pick<Work, 'mode' | 'tunnelSource' | 'shortWay'>, target: string, fits: number) {
    const pinFolder = join(mount(), 'flow');
    mkdirSync(pinFolder);
    const nextHop = { device: node.deviceNumber('node1'), mac: router.mac('near'), ownMac: node.mac('node1') };
    const work: Work = {
      ...{ pinFolder, devices: ['node0', 'node1'], vip: VIP, port: 80, settled: false, ...how },
      targets: [{ address: target, weight: 1, mtu: 1500, nextHop }],
    };
    node.run(...peer('balancer'), JSON.stringify(work));
    outside.ip('route flush cache');
    assert.equal(await client.ask<boolean | object>(`upload ${4 * 1024 * 1024}`), true);
    assert.match(outside.run('ip', 'route', 'get', VIP), new RegExp(`mtu ${fits}\\b`));
    execFileSync('rm', ['-r', pinFolder]);
  }

  for (const [mode, outer, shortWay] of [
    ['ipip', 20, false],
    ['gue', 28, false],
    ['ipip', 20, true],
    ['gue', 28, true],
  ] as const) {
    const way = shortWay ? 'past the kernel’s routing' : 'by the kernel’s routing';
    test(`${mode}: the client learns what fits there, ${way}, and a large upload arrives`, () =>
      uploads({ mode, tunnelSource: NODE, shortWay }, TARGET, NARROW - outer));
  }

  test('over IPv6, also where it is told by a VIP that is an address of the node, past a strict filter', async () => {
    // What targets answer goes past the node, which would not route it on from its own address.
    router.join('side', '10.78.3.1/24', outside, 'eth1', '10.78.3.2/24');
    router.ip(`route add ${CLIENT}/32 via 10.78.3.2`);
    outside.set('net/ipv4/conf/all/rp_filter', '0');
    outside.set('net/ipv4/conf/eth1/rp_filter', '0');
    node.ip(`addr add ${VIP}/32 dev lo`);
    node.set('net/ipv4/conf/node1/rp_filter', '1');
    await uploads({ mode: 'ipip', tunnelSource: NODE6, shortWay: true }, TARGET6, NARROW - 40);
  });
});
