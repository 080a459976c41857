import assert from 'node:assert/strict';
import { join } from 'node:path';
import { after, before, suite, test } from 'node:test';
import { requiresKernelDatapath } from '@evenkeel/testbed/kernel-datapath.ts';
import { type LineProcess, Namespace } from './namespaces.ts';
import type { Survey } from './peers/many-flows.ts';
import type { NodeCommand, NodeWork } from './peers/node.ts';

const VIP = '10.79.100.1';
const CLIENT = '10.79.0.2';
const ROUTER = '10.79.1.254';
const NODES = ['10.79.1.1', '10.79.1.2'] as const;
const TARGETS = ['10.79.1.11', '10.79.1.12', '10.79.1.13'] as const;
/** Live connections at the beginning, and those that begin after each change. */
const MANY = Number(process.env.EVENKEEL_FLOWS ?? 1000);
const MORE = 300;
const peer = (name: string) => [process.execPath, join(import.meta.dirname, 'peers', `${name}.ts`)];

// Client – router with a route to the VIP over both nodes – one segment with nodes and targets, which answer directly.
suite('live flows through two nodes behind one route', { skip: requiresKernelDatapath('ip', 'nsenter') }, () => {
  const namespaces: Namespace[] = [];
  const hosts = new Map<string, Namespace>();
  const running: (LineProcess | null)[] = [null, null];
  let router: Namespace;
  let client: LineProcess;
  /** What nodes have by now: the first is told, those that join learn. */
  let weights: readonly number[] = [1, 1, 0];

  const add = (name: string) => {
    namespaces.push(new Namespace(name));
    return namespaces.at(-1)!;
  };
  const host = (name: string, address: string) => {
    const namespace = add(name);
    router.join(name, '', namespace, 'eth0', `${address}/24`);
    router.ip(`link set ${name} master bridge`);
    namespace.ip(`route add default via ${ROUTER}`);
    hosts.set(address, namespace);
    return namespace;
  };
  /** The nodes that the router knows. */
  const route = (...nodes: number[]) => {
    const hops = nodes.map((node) => `nexthop via ${NODES[node]} dev bridge`).join(' ');
    router.ip(`route replace ${VIP}/32 ${hops}`);
  };
  const tell = (node: number, command: NodeCommand) =>
    running[node]!.ask<{ flows: number; learnt: number; peers: number }>(JSON.stringify(command));
  const start = async (node: number) => {
    const namespace = hosts.get(NODES[node]!)!;
    const work: NodeWork = {
      device: namespace.deviceNumber('eth0'),
      address: NODES[node]!,
      vip: VIP,
      port: 80,
      firstNumber: node === 0 ? 1 : 100,
      targets: TARGETS.map((address, index) => ({
        name: `target${index + 1}`,
        address,
        nextHop: {
          device: namespace.deviceNumber('eth0'),
          mac: hosts.get(address)!.mac('eth0'),
          ownMac: namespace.mac('eth0'),
        },
      })),
    };
    running[node] = namespace.start(...peer('node'), JSON.stringify(work));
    await running[node]!.line();
  };
  const change = async (...next: number[]) => {
    weights = next;
    for (const [index, node] of running.entries()) if (node !== null) await tell(index, { weights });
  };
  /** The process dies with all that it had in the kernel, and then the router notices. */
  const leave = async (node: number) => {
    await agree();
    await running[node]!.kill();
    running[node] = null;
    route(1 - node);
  };
  const enter = async (node: number) => {
    await start(node);
    await tell(node, { join: NODES[1 - node]! });
    await tell(node, { weights });
    await agree();
    route(0, 1);
  };
  const allLive = async () => {
    const { flows, broken, targets } = await client.ask<Survey>('ask');
    assert.equal(broken, 0, `broken of ${flows}, ${JSON.stringify(targets)}`);
    return { flows, targets };
  };
  /** What is written down at one node is with the other one some milliseconds later. */
  const agree = async () => {
    const deadline = Date.now() + 60_000;
    for (;;) {
      const [here, there] = [await tell(0, { status: true }), await tell(1, { status: true })];
      if (here.flows === there.flows) return;
      assert.ok(Date.now() < deadline, `${here.flows} and ${there.flows} flows written down`);
    }
  };
  const begin = async (count: number) => {
    const { broken, targets } = await client.ask<Survey>(`open ${count}`);
    assert.equal(broken, 0, 'new connections that found no target');
    await agree();
    return targets;
  };

  before(async () => {
    router = add('router');
    router.ip('link add bridge type bridge');
    router.ip(`addr add ${ROUTER}/24 dev bridge`);
    router.ip('link set bridge up');
    for (const [parameter, value] of [
      ['ip_forward', '1'],
      ['conf/all/rp_filter', '0'],
      ['fib_multipath_hash_policy', '1'],
    ] as const) {
      router.set(`net/ipv4/${parameter}`, value);
    }
    const outside = add('client');
    router.join('outside', '10.79.0.1/24', outside, 'eth0', `${CLIENT}/24`);
    outside.ip('route add default via 10.79.0.1');
    const ready: Promise<string>[] = [];
    for (const [index, address] of TARGETS.entries()) {
      const target = host(`target${index + 1}`, address);
      target.ip(`addr add ${VIP}/32 dev lo`);
      target.set('net/ipv4/conf/all/arp_ignore', '1');
      ready.push(target.start(...peer('target'), `target${index + 1}`, VIP, '80').line());
    }
    for (const [index, address] of NODES.entries()) host(`node${index + 1}`, address);
    await Promise.all(ready);
    await start(0);
    await tell(0, { weights });
    await enter(1);
    client = outside.start(...peer('many-flows'), CLIENT, VIP, '80');
  });

  after(async () => {
    for (const namespace of namespaces) await namespace.remove();
  });

  test(`${MANY} connections, to both targets, and nothing is written down for them`, async () => {
    const targets = await begin(MANY);
    assert.deepEqual(Object.keys(targets).sort(), ['target1', 'target2']);
    assert.deepEqual([(await tell(0, { status: true })).flows, (await tell(1, { status: true })).flows], [0, 0]);
  });

  test('a node leaves, and another one joins', async () => {
    await leave(1);
    await allLive();
    await enter(1);
    await allLive();
  });

  test('a target is added; flows that begin after that live on when their node leaves at once', async () => {
    await change(1, 1, 1);
    const targets = await begin(MORE);
    assert.ok(targets.target3! > 0);
    await leave(0);
    const { flows } = await allLive();
    assert.equal(flows, MANY + MORE);
    await enter(0);
    await allLive();
  });

  test('a target is drained: its connections stay, new ones go elsewhere', async () => {
    await change(0, 1, 1);
    const targets = await begin(MORE);
    assert.equal(targets.target1, undefined);
    await allLive();
  });

  test('two changes in a row, and then a node leaves', async () => {
    await change(1, 1, 1);
    await begin(MORE);
    await allLive();
    await change(1, 0, 1);
    await begin(MORE);
    await allLive();
    await leave(1);
    await allLive();
    await enter(1);
    await allLive();
  });

  test('settled, flows that are written down stay where they are, through a node that leaves', async () => {
    for (const node of [0, 1]) await tell(node, { settle: true });
    await allLive();
    await leave(0);
    const { flows } = await allLive();
    assert.equal(flows, MANY + 4 * MORE);
  });
});
