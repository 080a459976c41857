import assert from 'node:assert/strict';
import { test } from 'node:test';
import { packet } from '@evenkeel/testbed/packets/packet.ts';
import { hashFlow, hashSource, slotOf } from '../src/datapath/flow-hash.ts';
import { firstGeneration, nextGeneration, settle } from '../src/maglev/generations.ts';
import { buildSlots, SLOTS } from '../src/maglev/slots.ts';
import { bothEntryPoints, CLIENT, CLIENT6, LISTENER, type Scene, SEED, SERVICE, VIP, VIP6 } from './scene.ts';

const TARGETS = 10;
const address = (number: number) => `192.0.2.${number}`;
const OLD = 1;
const NEW = 2;

function prepare(scene: Scene): void {
  const { datapath } = scene;
  for (let number = 1; number <= TARGETS; number++) {
    datapath.setTarget(number, scene.target({ address: address(number) }));
  }
  datapath.setListener({ address: VIP, port: 80, protocol: 'tcp' }, scene.listener({ idleSeconds: 86_400 }));
  datapath.setListener({ address: VIP, port: 80, protocol: 'udp' }, scene.listener());
  datapath.setListener({ address: VIP, port: 81, protocol: 'tcp' }, scene.listener({ affinity: 'source' }));
}

bothEntryPoints('choice by a Maglev table', prepare, (scene) => {
  const slots = buildSlots(
    Array.from({ length: TARGETS }, (_, index) => ({ number: index + 1, name: `t${index}`, weight: 1 })),
  );

  test('a flow meets the target that user space computes for it', async () => {
    await scene().datapath.swapTable(SERVICE, firstGeneration(slots));
    const met = new Set<number>();
    for (let port = 1024; port < 1324; port++) {
      const flow = { client: CLIENT, clientPort: port, vip: VIP, vipPort: 80, protocol: 'tcp' } as const;
      const number = slots[slotOf(hashFlow(flow, SEED))]!;
      met.add(number);
      scene().expect(
        packet().ip(CLIENT, VIP).tcp(port, 80),
        'kernel',
        packet().ip(CLIENT, address(number)).tcp(port, 80),
      );
    }
    assert.equal(met.size, TARGETS);
    assert.equal(scene().datapath.countExceptions(), 0);
  });

  test('by source alone, all flows of a client meet one target', () => {
    for (let host = 1; host < 60; host++) {
      const client = `198.51.100.${host}`;
      const flow = { client, clientPort: 0, vip: VIP, vipPort: 81, protocol: 'tcp' } as const;
      const target = address(slots[slotOf(hashSource(flow, SEED))]!);
      for (const port of [1024, 50_000]) {
        scene().expect(
          packet().ip(client, VIP).tcp(port, 81, 'S'),
          'kernel',
          packet().ip(client, target).tcp(port, 81, 'S'),
        );
      }
    }
  });

  test('without a table, and where a slot names nobody, packets are dropped and counted', async () => {
    scene().datapath.removeTable(SERVICE);
    const drop = () => scene().expect(packet().ip(CLIENT, VIP).tcp(1, 80), 'drop');
    assert.deepEqual(scene().outcomesOf(drop), { no_table: 1n });
    await scene().useTargets(0);
    const before = scene().datapath.listenerTraffic(LISTENER).drops;
    assert.deepEqual(scene().outcomesOf(drop), { no_target: 1n });
    assert.equal(scene().datapath.listenerTraffic(LISTENER).drops - before, 1n);
  });
});

bothEntryPoints('choice in changed slots', prepare, (scene) => {
  const goesTo = (number: number, flags: string, port: number) =>
    scene().expect(
      packet().ip(CLIENT, VIP).tcp(port, 80, flags),
      'kernel',
      packet().ip(CLIENT, address(number)).tcp(port, 80, flags),
    );
  const entries = () => scene().datapath.countExceptions();

  test('a SYN goes to the current target, and its flow stays there', async () => {
    await scene().useTargets(NEW, OLD);
    goesTo(NEW, 'S', 1001);
    goesTo(NEW, 'A', 1001);
    goesTo(NEW, 'PA', 1001);
    assert.equal(entries(), 1);
  });

  test('a flow begun before the change stays with the previous target', () => {
    goesTo(OLD, 'A', 1002);
    goesTo(OLD, 'PA', 1002);
    assert.equal(entries(), 2);
  });

  test('both stay when the table changes once more', async () => {
    await scene().useTargets(3, NEW);
    goesTo(NEW, 'A', 1001);
    goesTo(OLD, 'A', 1002);
    goesTo(3, 'S', 1003);
    await scene().useTargets(NEW, OLD);
    goesTo(3, 'A', 1003);
  });

  test('a settled slot looks for flows that are written down, and writes down no more', async () => {
    const all = (number: number) => new Uint16Array(SLOTS).fill(number);
    const changed = nextGeneration(all(NEW), firstGeneration(all(OLD)));
    await scene().datapath.swapTable(SERVICE, changed);
    goesTo(OLD, 'A', 1020);
    await scene().datapath.swapTable(
      SERVICE,
      settle(changed, () => true),
    );
    const count = entries();
    goesTo(OLD, 'A', 1020);
    goesTo(NEW, 'A', 1021);
    goesTo(NEW, 'S', 1022);
    assert.equal(entries(), count);
    goesTo(NEW, 'S', 1020);
    goesTo(NEW, 'A', 1020);
    await scene().datapath.swapTable(
      SERVICE,
      settle(changed, () => false),
    );
    goesTo(NEW, 'A', 1020);
    await scene().useTargets(NEW, OLD);
  });

  test('the table in the kernel can be read back', async () => {
    const table = scene().datapath.table(SERVICE);
    assert.equal(table?.length, SLOTS);
    assert.equal(table[SLOTS - 1], ((OLD << 16) | 0x8000 | NEW) >>> 0);
    assert.equal(scene().datapath.table(SERVICE + 100), null);
  });

  test('a retransmitted SYN meets the target of the first', async () => {
    goesTo(NEW, 'S', 1004);
    await scene().useTargets(3, NEW);
    goesTo(NEW, 'S', 1004);
    await scene().useTargets(NEW, OLD);
  });

  test('a SYN on the ports of an older connection is a new one', () => {
    goesTo(OLD, 'A', 1005);
    goesTo(NEW, 'S', 1005);
    goesTo(NEW, 'A', 1005);
  });

  test('what comes after FIN or RST still meets the target', () => {
    for (const [port, flags] of [
      [1006, 'FA'],
      [1007, 'R'],
    ] as const) {
      goesTo(OLD, 'A', port);
      goesTo(OLD, flags, port);
      goesTo(OLD, 'A', port);
      assert.equal(stateOf(scene(), port), 2, 'closing');
    }
  });

  test('an entry that is too old is no entry', () => {
    goesTo(NEW, 'S', 1008);
    goesTo(NEW, 'A', 1008);
    assert.equal(stateOf(scene(), 1008), 1, 'established');
    age(scene(), 1008, 86_300);
    goesTo(NEW, 'A', 1008);
    age(scene(), 1008, 86_500);
    goesTo(OLD, 'A', 1008);
  });

  test('a closing flow is forgotten after a minute', () => {
    goesTo(NEW, 'S', 1009);
    goesTo(NEW, 'FA', 1009);
    age(scene(), 1009, 70);
    goesTo(OLD, 'A', 1009);
  });

  test('flows of a target that is gone are chosen again', async () => {
    goesTo(OLD, 'A', 1010);
    scene().datapath.setTarget(OLD, scene().target({ address: address(OLD), gone: true }));
    goesTo(NEW, 'A', 1010);
    goesTo(NEW, 'A', 1011);
    scene().datapath.setTarget(OLD, scene().target({ address: address(OLD) }));
    goesTo(NEW, 'A', 1010);
  });

  test('a datagram shows no beginning: flows stay with the previous target until the table has settled', async () => {
    const to = (number: number) =>
      scene().expect(
        packet().ip(CLIENT, VIP).udp(1012, 80),
        'kernel',
        packet().ip(CLIENT, address(number)).udp(1012, 80),
      );
    to(OLD);
    await scene().useTargets(NEW);
    to(NEW);
  });

  test('the table of remembered flows has an end, and SYN floods do not fill it up for good', async () => {
    await scene().useTargets(NEW, OLD);
    for (let port = 2000; port < 6000; port++) scene().run(packet().ip(CLIENT, VIP).tcp(port, 80, 'S').frame());
    assert.ok(entries() <= 1024, `${entries()}`);
    goesTo(NEW, 'S', 6001);
    goesTo(NEW, 'A', 6001);
  });

  test('IPv6 the same', () => {
    const { datapath } = scene();
    datapath.setListener({ address: VIP6, port: 80, protocol: 'tcp' }, scene().listener());
    datapath.setTarget(OLD, scene().target({ address: '2001:db8:b::1' }));
    datapath.setTarget(NEW, scene().target({ address: '2001:db8:b::2' }));
    for (const [flags, port, target] of [
      ['S', 1, '2001:db8:b::2'],
      ['A', 1, '2001:db8:b::2'],
      ['A', 2, '2001:db8:b::1'],
    ] as const) {
      const given = packet().ip(CLIENT6, VIP6).tcp(port, 80, flags);
      scene().expect(given, 'kernel', packet().ip(CLIENT6, target).tcp(port, 80, flags));
    }
  });
});

function entryOf(scene: Scene, port: number): { key: Buffer; value: Buffer } {
  const map = scene.object.map('exceptions');
  const key = [...map.keys()].find((bytes) => bytes.readUInt16BE(32) === port);
  assert.ok(key !== undefined, `no entry for port ${port}`);
  return { key, value: map.get(key)! };
}

function stateOf(scene: Scene, port: number): number {
  return entryOf(scene, port).value[2]!;
}

/** Makes the entry as if its last packet had come some seconds earlier; before the machine's start counts as well. */
function age(scene: Scene, port: number, seconds: number): void {
  const { key, value } = entryOf(scene, port);
  value.writeUInt32LE((value.readUInt32LE(4) - seconds) >>> 0, 4);
  scene.object.map('exceptions').set(key, value);
}
