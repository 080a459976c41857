import assert from 'node:assert/strict';
import { test } from 'node:test';
import { packet } from '@evenkeel/testbed/packets/packet.ts';
import {
  bothEntryPoints,
  CLIENT,
  CLIENT6,
  NEXT_HOP,
  type Scene,
  SERVICE,
  TARGET,
  TARGET6,
  VIP,
  VIP6,
} from './scene.ts';

const ROUTER = '198.51.100.1';
const ROUTER6 = '2001:db8:c::1';
const DIRECT = SERVICE + 1;

async function prepare(scene: Scene): Promise<void> {
  const { datapath } = scene;
  datapath.addVip(VIP);
  datapath.addVip(VIP6);
  datapath.setTarget(1, scene.target({ port: 8080, nextHop: NEXT_HOP }));
  datapath.setTarget(2, scene.target({ address: TARGET6, port: 8080 }));
  await scene.useTargets(1);
  await scene.useTargets(2, 2, SERVICE + 2);
  await scene.useTargets(1, 1, DIRECT);
  datapath.setListener({ address: VIP, port: 80, protocol: 'tcp' }, scene.listener());
  datapath.setListener({ address: VIP6, port: 80, protocol: 'tcp' }, scene.listener({ service: SERVICE + 2 }));
  datapath.setListener({ address: VIP, port: 81, protocol: 'tcp' }, scene.listener({ service: DIRECT, mode: 'l2' }));
}

bothEntryPoints('ICMP', prepare, (scene) => {
  test('an echo to a VIP is answered, with a hop limit of our own', () => {
    const run = () => {
      scene().expect(
        packet()
          .ethernet('00:00:00:00:00:00', '02:00:00:00:00:01')
          .ip(CLIENT, VIP, { hopLimit: 3 })
          .icmp(8, 0, 7)
          .payload('ping'),
        'redirect',
        packet().ethernet('02:00:00:00:00:01', '00:00:00:00:00:00').ip(VIP, CLIENT).icmp(0, 0, 7).payload('ping'),
      );
      scene().expect(
        packet().ip(CLIENT6, VIP6, { hopLimit: 3 }).icmp(128, 0, 7).payload('ping'),
        'redirect',
        packet().ethernet('02:00:00:00:00:01', '00:00:00:00:00:00').ip(VIP6, CLIENT6).icmp(129, 0, 7).payload('ping'),
      );
    };
    assert.deepEqual(scene().outcomesOf(run), { echo: 2n });
  });

  test('an echo to others, and other kinds, are left to the kernel', () => {
    scene().expect(packet().ip(CLIENT, TARGET).icmp(8), 'notOurs');
    scene().expect(packet().ip(CLIENT, VIP).icmp(13), 'notOurs');
    scene().expect(packet().ip(CLIENT6, VIP6).icmp(135), 'notOurs');
  });

  test('NAT: "fragmentation needed" reaches the target as if about its own packet', () => {
    const sent = (source: string, port: number) => packet().ip(source, CLIENT).tcp(port, 40_000).payload(600).quote();
    const run = () =>
      scene().expect(
        packet().ip(ROUTER, VIP).icmp(3, 4, 1400).payload(sent(VIP, 80)),
        'kernel',
        packet().ip(ROUTER, TARGET).icmp(3, 4, 1400).payload(sent(TARGET, 8080)),
      );
    assert.deepEqual(scene().outcomesOf(run), { icmp_steered: 1n });
  });

  test('NAT: "packet too big" of ICMPv6', () => {
    const sent = (source: string, port: number) => packet().ip(source, CLIENT6).tcp(port, 40_000).payload(600).quote();
    scene().expect(
      packet().ip(ROUTER6, VIP6).icmp(2, 0, 1400).payload(sent(VIP6, 80)),
      'kernel',
      packet().ip(ROUTER6, TARGET6).icmp(2, 0, 1400).payload(sent(TARGET6, 8080)),
    );
  });

  test('direct return: the error goes the way of its flow, unchanged', () => {
    const quote = packet().ip(VIP, CLIENT).tcp(81, 40_000).quote();
    scene().expect(
      packet().ip(ROUTER, VIP).icmp(11).payload(quote),
      'redirect',
      packet().ethernet(NEXT_HOP.mac, NEXT_HOP.ownMac).ip(ROUTER, VIP).icmp(11).payload(quote),
    );
  });

  test('an error follows a flow in a changed slot, and is none itself', async () => {
    scene().datapath.setTarget(3, scene().target({ address: '192.0.2.33', port: 8080 }));
    await scene().useTargets(3, 1);
    const sent = (source: string, port: number) => packet().ip(source, CLIENT).tcp(port, 40_001).quote();
    const error = packet().ip(ROUTER, VIP).icmp(3, 4, 1400).payload(sent(VIP, 80));
    scene().expect(error, 'kernel', packet().ip(ROUTER, TARGET).icmp(3, 4, 1400).payload(sent(TARGET, 8080)));
    assert.equal(scene().datapath.countExceptions(), 0);
    scene().run(packet().ip(CLIENT, VIP).tcp(40_001, 80, 'S').frame());
    const there = packet().ip(ROUTER, '192.0.2.33').icmp(3, 4, 1400).payload(sent('192.0.2.33', 8080));
    scene().expect(error, 'kernel', there);
    await scene().useTargets(1);
  });

  test('about nothing of ours: left to the kernel; about nothing at all: dropped', () => {
    scene().expect(
      packet().ip(ROUTER, VIP).icmp(3, 4, 1400).payload(packet().ip(VIP, CLIENT).tcp(99, 40_000).quote()),
      'notOurs',
    );
    for (const payload of [
      Buffer.alloc(0),
      packet().ip(VIP, CLIENT).icmp(8).quote(),
      packet().ip(VIP, CLIENT).tcp(80, 40_000).quote().subarray(0, 27),
    ]) {
      const run = () => scene().expect(packet().ip(ROUTER, VIP).icmp(3, 4).payload(payload), 'drop');
      assert.deepEqual(scene().outcomesOf(run), { malformed: 1n });
    }
    const optioned = packet()
      .ip(VIP, CLIENT, { options: Buffer.alloc(4, 1) })
      .tcp(80, 40_000)
      .bytes();
    const run = () => scene().expect(packet().ip(ROUTER, VIP).icmp(3, 4).payload(optioned), 'drop');
    assert.deepEqual(scene().outcomesOf(run), { extensions: 1n });
  });
});
