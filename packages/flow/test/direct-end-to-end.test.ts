import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, rmdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, suite, test } from 'node:test';
import { requiresKernelDatapath } from '@evenkeel/testbed/kernel-datapath.ts';
import type { Mode } from '../src/datapath/layout.ts';
import { ensureBpfFileSystem } from '../src/loader/bpffs.ts';
import { type LineProcess, Namespace } from './namespaces.ts';
import type { Work } from './peers/balancer.ts';

const VIP = '10.78.100.1';
const CLIENT = '10.78.0.2';
const TARGETS = ['10.78.1.2', '10.78.2.2'] as const;
const NODE = '10.78.9.1';
const UPLOAD = 16 * 1024 * 1024;
/** Milliseconds for one connection that nobody answers: a SYN, and the next one after a second. */
const KNOCK = 'knock 1500';
const peer = (name: string) => [process.execPath, join(import.meta.dirname, 'peers', `${name}.ts`)];
const SET_UP = join(import.meta.dirname, '..', '..', '..', 'tools', 'flow-target.ts');

suite('targets that answer directly, on tcx', { skip: requiresKernelDatapath('ip', 'nsenter', 'sysctl') }, () => {
  const namespaces: Namespace[] = [];
  const targets: Namespace[] = [];
  const mounts: string[] = [];
  let node: Namespace;
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
  let pins = '';

  const balance = (mode: Exclude<Mode, 'nat'>, settings: { mtu?: number; asks?: boolean; hands?: boolean } = {}) => {
    rmSync(join(pins, 'flow'), { recursive: true, force: true });
    mkdirSync(join(pins, 'flow'));
    const work: Work = {
      pinFolder: join(pins, 'flow'),
      devices: ['node0'],
      vip: VIP,
      port: 80,
      settled: false,
      mode,
      tunnelSource: NODE,
      hands: settings.hands ?? false,
      targets: TARGETS.map((address, index) => ({
        address,
        weight: 1,
        ...(settings.mtu !== undefined && { mtu: settings.mtu }),
        nextHop: {
          device: node.deviceNumber(`node${index + 1}`),
          mac: settings.asks === true ? null : targets[index]!.mac('eth0'),
          ownMac: node.mac(`node${index + 1}`),
        },
      })),
    };
    node.run(...peer('balancer'), JSON.stringify(work));
  };
  const setMtu = (mtu: number) => {
    for (const [namespace, device] of [
      [node, 'node0'],
      [outside, 'eth0'],
      ...targets.flatMap((target, index) => [[node, `node${index + 1}`] as const, [target, 'eth0'] as const]),
    ] as const) {
      namespace.ip(`link set ${device} mtu ${mtu}`);
    }
    // What clients have learnt of another one.
    outside.ip('route flush cache');
  };
  const sentToTargets = () => node.sentFrames('node1') + node.sentFrames('node2');
  const bothAnswer = async () => {
    const answers = await client.ask<string[]>('fresh 40');
    assert.deepEqual(new Set(answers), new Set([`target1 ${CLIENT}`, `target2 ${CLIENT}`]));
  };

  before(async () => {
    node = add('node');
    for (const parameter of ['ip_forward', 'conf/all/rp_filter', 'conf/default/rp_filter']) {
      node.set(`net/ipv4/${parameter}`, parameter === 'ip_forward' ? '1' : '0');
    }
    node.ip(`addr add ${NODE}/32 dev lo`);
    outside = add('client');
    node.join('node0', '10.78.0.1/24', outside, 'eth0', `${CLIENT}/24`);
    outside.ip('route add default via 10.78.0.1');
    const ready: Promise<string>[] = [];
    for (const [index, address] of TARGETS.entries()) {
      const target = add(`target${index + 1}`);
      targets.push(target);
      node.join(`node${index + 1}`, `10.78.${index + 1}.1/24`, target, 'eth0', `${address}/24`);
      target.ip(`route add default via 10.78.${index + 1}.1`);
      const words = ['--vip', VIP, '--device', 'eth0', '--balancer', NODE, '--bpf', mount()];
      target.run(process.execPath, SET_UP, 'add', ...words);
      ready.push(target.start(...peer('target'), `target${index + 1}`, VIP, '80').line());
    }
    client = outside.start(...peer('client'), CLIENT, VIP, '80');
    pins = mount();
    await Promise.all(ready);
  });

  after(async () => {
    for (const namespace of namespaces) await namespace.remove();
    for (const folder of mounts) {
      execFileSync('umount', [folder]);
      rmdirSync(folder);
    }
  });

  for (const hands of [false, true]) {
    const way = hands ? 'handed over' : 'by their devices';
    test(`L2, ${way}: both targets answer the client, and a large upload arrives`, async () => {
      balance('l2', { hands });
      const before = sentToTargets();
      await bothAnswer();
      assert.equal(await client.ask<boolean>(`upload ${UPLOAD}`), true);
      const sent = sentToTargets() - before;
      if (hands) assert.ok(sent < 20, `${sent} frames by the devices`);
      else assert.ok(sent > 200, `${sent} frames by the devices`);
    });
  }

  for (const mode of ['ipip', 'gue'] as const) {
    for (const { asks, hands, way } of [
      { asks: false, hands: false, way: 'to a known next hop' },
      { asks: true, hands: false, way: 'to a next hop that the kernel asks for' },
      { asks: false, hands: true, way: 'handed over' },
    ]) {
      test(`${mode}, ${way}: both targets answer, over links of 1500 bytes as over 9000`, async () => {
        for (const mtu of [1500, 9000]) {
          setMtu(mtu);
          balance(mode, { mtu, asks, hands });
          node.ip('neigh flush all');
          await bothAnswer();
          assert.equal(await client.ask<boolean>(`upload ${UPLOAD}`), true, `upload with MTU ${mtu}`);
        }
      });
    }
  }

  test('UDP through a tunnel', async () => {
    const answers = await client.ask<string[]>('datagrams 20');
    for (const [index, answer] of answers.entries()) assert.equal(answer.slice(8), `${CLIENT} ${index}`);
  });

  test('a target that is taken down gets nothing out of tunnels, and nothing is left of it', async () => {
    for (const [index, target] of targets.entries()) {
      target.run(process.execPath, SET_UP, 'remove', '--vip', VIP, '--device', 'eth0', '--bpf', mounts[index]!);
      assert.ok(!readdirSync(mounts[index]!).some((name) => name.startsWith('evenkeel')));
      assert.doesNotMatch(target.run('ip', 'addr', 'show', 'dev', 'lo'), new RegExp(VIP));
    }
    const answer = await client.ask<{ error?: string }>(KNOCK);
    assert.ok(answer.error !== undefined);
  });
});
