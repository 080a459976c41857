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
  type Scene,
  TARGET,
  TARGET6,
  VIP,
  VIP6,
} from './scene.ts';

const OTHER_VIP = '203.0.113.2';
const OTHER_VIP6 = '2001:db8:a::2';
const [FOUR, SIX] = [1, 2];
const SERVICE_OF_SIX = 9;

async function prepare(scene: Scene): Promise<void> {
  const { datapath } = scene;
  datapath.setTarget(FOUR, scene.target({ port: 8080, nextHop: NEXT_HOP, shared: true }));
  datapath.setTarget(SIX, scene.target({ address: TARGET6, port: 8080, shared: true }));
  await scene.useTargets(FOUR);
  await scene.useTargets(SIX, SIX, SERVICE_OF_SIX);
  for (const protocol of ['tcp', 'udp'] as const) {
    for (const [index, address] of [VIP, OTHER_VIP].entries()) {
      datapath.setListener({ address, port: 80, protocol }, scene.listener({ number: LISTENER + index }));
    }
    for (const [index, address] of [VIP6, OTHER_VIP6].entries()) {
      const settings = scene.listener({ number: LISTENER + index, service: SERVICE_OF_SIX });
      datapath.setListener({ address, port: 80, protocol }, settings);
    }
    const first = { port: 80, listener: LISTENER, shared: true };
    datapath.setOrigin({ address: TARGET, port: 8080, protocol }, { ...first, vip: VIP });
    datapath.setOrigin({ address: TARGET6, port: 8080, protocol }, { ...first, vip: VIP6 });
  }
}

bothEntryPoints('NAT to an endpoint that several listeners share', prepare, (scene) => {
  const asks = (vip: string, port: number, flags = 'S') =>
    scene().expect(
      packet().ip(CLIENT, vip).tcp(port, 80, flags),
      'redirect',
      fromNode().ip(CLIENT, TARGET, { hopLimit: 63 }).tcp(port, 8080, flags),
    );
  const answers = (vip: string, port: number, flags = 'SA') =>
    scene().expect(
      packet().ip(TARGET, CLIENT).tcp(8080, port, flags).payload('answer'),
      'kernel',
      packet().ip(vip, CLIENT).tcp(80, port, flags).payload('answer'),
    );

  test('answers come from the VIP that the client has asked', () => {
    asks(VIP, 40_000);
    asks(OTHER_VIP, 40_001);
    answers(VIP, 40_000);
    answers(OTHER_VIP, 40_001);
    asks(OTHER_VIP, 40_001, 'A');
    answers(OTHER_VIP, 40_001, 'A');
    const counted = () => scene().datapath.listenerTraffic(LISTENER + 1).answers;
    const before = counted();
    answers(OTHER_VIP, 40_001, 'A');
    assert.equal(counted() - before, 1n, 'and are counted for it');
  });

  test('answers count for the target under the number that the service of the flow has for it', async () => {
    const { datapath } = scene();
    const [service, number] = [11, 12];
    datapath.setTarget(number, scene().target({ port: 8080, nextHop: NEXT_HOP, shared: true }));
    await scene().useTargets(number, number, service);
    const settings = scene().listener({ number: LISTENER + 2, service });
    datapath.setListener({ address: OTHER_VIP, port: 81, protocol: 'tcp' }, settings);
    scene().run(packet().ip(CLIENT, OTHER_VIP).tcp(45_000, 81, 'S').frame());
    scene().run(packet().ip(TARGET, CLIENT).tcp(8080, 45_000, 'SA').frame());
    assert.equal(datapath.targetTraffic(number).answers, 1n);
    assert.equal(datapath.listenerTraffic(LISTENER + 2).answers, 1n);
  });

  test('UDP, and IPv6', () => {
    for (const vip of [VIP6, OTHER_VIP6]) {
      const port = vip === VIP6 ? 50_000 : 50_001;
      const ask = packet().ip(CLIENT6, vip).udp(port, 80).payload('x');
      scene().expect(ask, 'kernel', packet().ip(CLIENT6, TARGET6).udp(port, 8080).payload('x'));
      const answer = packet().ip(TARGET6, CLIENT6).udp(8080, port).payload('y');
      scene().expect(answer, 'kernel', packet().ip(vip, CLIENT6).udp(80, port).payload('y'));
    }
  });

  test('what belongs to a flow from before the endpoint was shared comes from the first listener', () => {
    answers(VIP, 41_000, 'PA');
  });

  test('the same port of a client by way of two listeners: the second waits until the first has ended', () => {
    asks(VIP, 42_000);
    const run = () => scene().expect(packet().ip(CLIENT, OTHER_VIP).tcp(42_000, 80, 'S'), 'drop');
    assert.deepEqual(scene().outcomesOf(run), { no_port: 1n });
    answers(VIP, 42_000, 'FA');
    asks(OTHER_VIP, 42_000);
    answers(OTHER_VIP, 42_000);
  });

  test('a flow that has been silent for longer than its idle time makes way', () => {
    asks(VIP, 43_000);
    const map = scene().object.map('shared');
    for (const key of [...map.keys()]) {
      const entry = map.get(key)!;
      entry.writeUInt32LE(entry.readUInt32LE(28) - 1_801, 28);
      map.set(key, entry);
    }
    asks(OTHER_VIP, 43_000);
    answers(OTHER_VIP, 43_000);
  });

  test('an error of the target reaches the client from the VIP that it has asked', () => {
    const quoted = (to: string, port: number) =>
      packet().ip(CLIENT, to).udp(44_001, port, { checksum: false }).payload(8).quote();
    scene().run(packet().ip(CLIENT, OTHER_VIP).udp(44_001, 80).payload(8).frame());
    const run = () =>
      scene().expect(
        packet().ip(TARGET, CLIENT).icmp(3, 3).payload(quoted(TARGET, 8080)),
        'kernel',
        packet().ip(OTHER_VIP, CLIENT).icmp(3, 3).payload(quoted(OTHER_VIP, 80)),
      );
    assert.deepEqual(scene().outcomesOf(run), { icmp_returned: 1n });
  });
});
