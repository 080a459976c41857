import assert from 'node:assert/strict';
import { test } from 'node:test';
import { packet } from '@evenkeel/testbed/packets/packet.ts';
import {
  bothEntryPoints,
  CLIENT,
  CLIENT6,
  fromNode,
  LISTENER,
  NEXT_HOP,
  NODE,
  NODE6,
  type Scene,
  TARGET,
  TARGET6,
  VIP,
  VIP6,
} from './scene.ts';

const [NEAR, SIX] = [1, 2];

async function prepare(scene: Scene): Promise<void> {
  const { datapath } = scene;
  datapath.setTarget(NEAR, scene.target({ port: 8080, tunnelSource: NODE, nextHop: NEXT_HOP }));
  datapath.setTarget(SIX, scene.target({ address: TARGET6, tunnelSource: NODE6 }));
  await scene.useTargets(NEAR);
  await scene.useTargets(SIX, SIX, 9);
  for (const protocol of ['tcp', 'udp'] as const) {
    for (const port of [80, 81]) {
      datapath.setListener({ address: VIP, port, protocol }, scene.listener({ hidesClients: true }));
    }
    datapath.setListener({ address: VIP6, port: 80, protocol }, scene.listener({ hidesClients: true, service: 9 }));
  }
  datapath.hideClients(true);
}

bothEntryPoints('NAT that hides clients', prepare, (scene) => {
  /** The port that a flow of the client has got, read where the frame has it. */
  const portOf = (client: string, port: number, vipPort = 80) =>
    scene()
      .run(packet().ip(client, VIP).tcp(port, vipPort, 'S').frame())
      .frame.readUInt16BE(34);

  test('TCP: the target sees the node, the client the VIP, and a flow keeps its port', () => {
    const own = portOf(CLIENT, 40_000);
    assert.ok(own >= 1024 && own < 32_768);
    for (const flags of ['A', 'PA']) {
      scene().expect(
        packet().ip(CLIENT, VIP).tcp(40_000, 80, flags).payload('hello'),
        'redirect',
        fromNode().ip(NODE, TARGET, { hopLimit: 63 }).tcp(own, 8080, flags).payload('hello'),
      );
    }
    const run = () =>
      scene().expect(
        packet().ip(TARGET, NODE).tcp(8080, own, 'SA').payload('answer'),
        'kernel',
        packet().ip(VIP, CLIENT).tcp(80, 40_000, 'SA').payload('answer'),
      );
    assert.deepEqual(scene().outcomesOf(run), { returned: 1n });
  });

  test('one endpoint of a target may answer for several listeners, and for several clients with the same port', () => {
    const owns = [portOf(CLIENT, 40_000), portOf(CLIENT, 40_000, 81), portOf('198.51.100.8', 40_000)];
    assert.equal(new Set(owns).size, 3);
    for (const [index, [client, vipPort]] of [
      [CLIENT, 80],
      [CLIENT, 81],
      ['198.51.100.8', 80],
    ].entries() as ArrayIterator<[number, [string, number]]>) {
      scene().expect(
        packet().ip(TARGET, NODE).tcp(8080, owns[index]!),
        'kernel',
        packet().ip(VIP, client).tcp(vipPort, 40_000),
      );
    }
  });

  test('IPv6 and UDP, with a checksum and without', () => {
    const sent = scene().run(packet().ip(CLIENT6, VIP6).udp(40_000, 80).payload('query').frame()).frame;
    const own = sent.readUInt16BE(54);
    assert.equal(
      sent.toString('hex'),
      packet().ip(NODE6, TARGET6).udp(own, 80).payload('query').frame().toString('hex'),
    );
    scene().expect(
      packet().ip(TARGET6, NODE6).udp(80, own).payload('answer'),
      'kernel',
      packet().ip(VIP6, CLIENT6).udp(80, 40_000).payload('answer'),
    );
    const bare = scene().run(packet().ip(CLIENT, VIP).udp(40_001, 80, { checksum: false }).frame()).frame;
    assert.equal(bare.readUInt16BE(40), 0);
  });

  test('answers to ports that nobody has are left to the kernel', () => {
    const own = portOf(CLIENT, 40_000);
    for (const left of [
      packet()
        .ip(TARGET, NODE)
        .tcp(8080, own === 2000 ? 2001 : 2000),
      packet().ip(TARGET, NODE).tcp(8081, own),
      packet().ip('192.0.2.99', NODE).tcp(8080, own),
      packet().ip(TARGET, NODE).udp(8080, own),
    ]) {
      scene().expect(left, 'notOurs');
    }
  });

  test('where all ports that a flow could have are taken, it is refused; one that is idle for too long is taken over', () => {
    const map = scene().object.map('borrowers');
    const fresh = packet().ip('198.51.100.99', VIP).tcp(5, 80, 'S');
    const own = portOf('198.51.100.99', 5);
    // All entries of the same flow but its own, one after the other, until it has tried all of its ports.
    const mine = (key: Buffer) => key.readUInt16BE(34) === own && key[36] === 6;
    const taken: Buffer[] = [];
    for (let tries = 0; tries < 8; tries++) {
      const port = portOf('198.51.100.99', 5);
      const key = [...map.keys()].find((bytes) => bytes.readUInt16BE(34) === port && bytes[36] === 6)!;
      const value = map.get(key)!;
      value.writeUInt16BE(6, 32);
      map.set(key, value);
      taken.push(key);
    }
    assert.ok(mine(taken[0]!));
    assert.equal(new Set(taken.map((key) => key.toString('hex'))).size, 8);
    const before = scene().datapath.listenerTraffic(LISTENER).drops;
    assert.deepEqual(
      scene().outcomesOf(() => scene().expect(fresh, 'drop')),
      { no_port: 1n },
    );
    assert.equal(scene().datapath.listenerTraffic(LISTENER).drops - before, 1n);
    const value = map.get(taken[3]!)!;
    value.writeUInt32LE((value.readUInt32LE(40) - 1801) >>> 0, 40);
    map.set(taken[3]!, value);
    assert.equal(portOf('198.51.100.99', 5), taken[3]!.readUInt16BE(34));
  });

  test('a target without an address of the node, or of another family, gets nothing', () => {
    scene().datapath.setTarget(NEAR, scene().target({ port: 8080 }));
    const run = () => scene().expect(packet().ip(CLIENT, VIP).tcp(40_000, 80), 'drop');
    assert.deepEqual(scene().outcomesOf(run), { no_target: 1n });
  });
});
