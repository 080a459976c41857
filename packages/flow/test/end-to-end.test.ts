import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, rmdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, suite, test } from 'node:test';
import { requiresKernelDatapath } from '@evenkeel/testbed/kernel-datapath.ts';
import type { Limits } from '../src/datapath/limits.ts';
import { ensureBpfFileSystem } from '../src/loader/bpffs.ts';
import { type LineProcess, Namespace } from './namespaces.ts';
import type { Work } from './peers/balancer.ts';

const VIP = '10.77.100.1';
const CLIENT = '10.77.0.2';
const TARGETS = ['10.77.1.2', '10.77.2.2'] as const;
/** Milliseconds for one connection that nobody answers: a SYN, and the next one after a second. */
const KNOCK = 'knock 1500';
const peer = (name: string) => [process.execPath, join(import.meta.dirname, 'peers', `${name}.ts`)];

for (const { title, shortWay, hands } of [
  { title: 'routed by the kernel', shortWay: false, hands: false },
  { title: 'sent on by the program', shortWay: true, hands: false },
  { title: 'handed to containers', shortWay: true, hands: true },
]) {
  suite(`NAT between network namespaces, on tcx, ${title}`, {
    skip: requiresKernelDatapath('ip', 'nsenter', 'ethtool'),
  }, () => {
    const namespaces: Namespace[] = [];
    let node: Namespace;
    let client: LineProcess;
    let pins = '';

    /** Runs the balancer's user space to its end. */
    const balance = (weights: readonly [number, number], settled = false, limits?: Limits) => {
      const work: Work = {
        pinFolder: join(pins, 'flow'),
        devices: ['node0', 'node1', 'node2'],
        vip: VIP,
        port: 80,
        settled,
        shortWay,
        hands,
        ...(limits !== undefined && { limits }),
        targets: TARGETS.map((address, index) => ({ address, weight: weights[index]! })),
      };
      return JSON.parse(node.run(...peer('balancer'), JSON.stringify(work))) as {
        exceptions: number;
        flows: number;
        alarms: number;
        verified: number;
      };
    };

    before(async () => {
      const add = (name: string) => {
        namespaces.push(new Namespace(name));
        return namespaces.at(-1)!;
      };
      node = add('node');
      for (const parameter of ['ip_forward', 'conf/all/rp_filter', 'conf/default/rp_filter']) {
        node.set(`net/ipv4/${parameter}`, parameter === 'ip_forward' ? '1' : '0');
      }
      const outside = add('client');
      node.join('node0', '10.77.0.1/24', outside, 'eth0', `${CLIENT}/24`);
      outside.ip('route add default via 10.77.0.1');
      const ready: Promise<string>[] = [];
      for (const [index, address] of TARGETS.entries()) {
        const target = add(`target${index + 1}`);
        node.join(`node${index + 1}`, `10.77.${index + 1}.1/24`, target, 'eth0', `${address}/24`);
        target.ip(`route add default via 10.77.${index + 1}.1`);
        ready.push(target.start(...peer('target'), `target${index + 1}`, address, '8080').line());
      }
      client = outside.start(...peer('client'), CLIENT, VIP, '80');
      pins = mkdtempSync('/run/evenkeel-test-');
      ensureBpfFileSystem(pins);
      mkdirSync(join(pins, 'flow'));
      await Promise.all(ready);
    });

    after(async () => {
      for (const namespace of namespaces) await namespace.remove();
      if (pins === '') return;
      execFileSync('umount', [pins]);
      rmdirSync(pins);
    });

    test('connections reach a target, which sees the address of the client, with no process of ours', async () => {
      balance([1, 0]);
      const answers = await client.ask<string[]>('open 40');
      assert.deepEqual(new Set(answers), new Set([`target1 ${CLIENT}`]));
      assert.equal(answers.length, 40);
    });

    test('a target joins: live connections stay, new ones go to both', async () => {
      const { exceptions, flows } = balance([1, 1]);
      assert.deepEqual({ exceptions, flows }, { exceptions: 0, flows: 40 });
      assert.deepEqual(new Set(await client.ask<string[]>('ask')), new Set([`target1 ${CLIENT}`]));
      const fresh = await client.ask<string[]>('fresh 60');
      assert.deepEqual(new Set(fresh), new Set([`target1 ${CLIENT}`, `target2 ${CLIENT}`]));
    });

    test('a target is drained: its connections stay, and no new ones come', async () => {
      const { exceptions } = balance([0, 1]);
      assert.ok(exceptions > 0, 'flows in changed slots are remembered');
      assert.deepEqual(new Set(await client.ask<string[]>('ask')), new Set([`target1 ${CLIENT}`]));
      assert.deepEqual(new Set(await client.ask<string[]>('fresh 40')), new Set([`target2 ${CLIENT}`]));
    });

    test('a large upload arrives whole, with all offloads of the devices', async () => {
      assert.equal(await client.ask<boolean>(`upload ${32 * 1024 * 1024}`), true);
    });

    test('checksums are whole where devices complete none', async () => {
      const set = (to: 'on' | 'off') => {
        for (const device of ['node0', 'node1', 'node2']) node.run('ethtool', '-K', device, 'tx', to);
      };
      set('off');
      assert.equal((await client.ask<string[]>('fresh 20')).length, 20);
      assert.equal(await client.ask<boolean>(`upload ${1024 * 1024}`), true);
      set('on');
    });

    test('the kernel has routed all of it, or nothing', () => {
      const [names, values] = node
        .run('cat', '/proc/net/snmp')
        .split('\n')
        .filter((line) => line.startsWith('Ip: '))
        .map((line) => line.split(' '));
      const forwarded = Number(values![names!.indexOf('ForwDatagrams')]);
      if (shortWay) assert.equal(forwarded, 0);
      else assert.ok(forwarded > 1000, `${forwarded}`);
      for (const device of ['node0', 'node1']) {
        const sent = node.sentFrames(device);
        // The first ones, until a hardware address is known, and what the kernel says for itself.
        if (hands) assert.ok(sent < 100, `${sent} frames by ${device}`);
        else assert.ok(sent > 300, `${sent} frames by ${device}`);
      }
    });

    test('under alarm a client answers a challenge, without noticing, and connects', async () => {
      balance([1, 1], false, { packets: null, flows: null, syns: { alarm: 1, calm: 1 } });
      const answers = await client.ask<string[]>('fresh 30');
      assert.equal(answers.length, 30);
      const { alarms, verified } = balance([1, 1]);
      assert.deepEqual({ alarms, verified }, { alarms: 1, verified: 1 });
    });

    test('UDP, once the table has settled: both targets answer, from the VIP', async () => {
      balance([1, 1], true);
      const answers = await client.ask<string[]>('datagrams 40');
      assert.deepEqual(new Set(answers.map((answer) => answer.split(' ')[0])), new Set(['target1', 'target2']));
      for (const [index, answer] of answers.entries()) assert.equal(answer.slice(8), `${CLIENT} ${index}`);
    });

    test('without its pins nothing is left of it', async () => {
      assert.ok(readdirSync(join(pins, 'flow')).includes('link-node0'));
      rmSync(join(pins, 'flow'), { recursive: true });
      // The kernel takes programs off the devices in its own time.
      for (let tries = 1; ; tries++) {
        const answer = await client.ask<string | { error?: string }>(KNOCK);
        if (typeof answer === 'object') break;
        assert.ok(tries < 1000, 'still balanced');
      }
    });
  });
}
