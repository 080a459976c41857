import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Packet, packet } from '@evenkeel/testbed/packets/packet.ts';
import {
  bothEntryPoints,
  CLIENT,
  CLIENT6,
  fromNode,
  LISTENER,
  NEXT_HOP,
  NODE,
  type Scene,
  TARGET,
  TARGET6,
  VIP,
  VIP6,
} from './scene.ts';

const [OLD, NEW, OLD6] = [1, 2, 3];
const SIX = 9;
/** What the packets of the builder acknowledge. */
const ACKNOWLEDGED = 0x0a0b_0c0d;

async function prepare(scene: Scene): Promise<void> {
  const { datapath } = scene;
  datapath.setTarget(OLD, scene.target({ tunnelSource: NODE, nextHop: NEXT_HOP, mtu: 1500 }));
  datapath.setTarget(NEW, scene.target({ address: '192.0.2.20' }));
  datapath.setTarget(OLD6, scene.target({ address: TARGET6 }));
  const ports = { nat: 80, l2: 81, ipip: 82, gue: 83 } as const;
  for (const mode of ['nat', 'l2', 'ipip', 'gue'] as const) {
    for (const [address, service] of [
      [VIP, scene.listener().service],
      [VIP6, SIX],
    ] as const) {
      for (const protocol of ['tcp', 'udp'] as const) {
        datapath.setListener({ address, port: ports[mode], protocol }, scene.listener({ mode, service }));
      }
    }
  }
}

/** From the VIP back to where the packet came from. */
const back = () => packet().ethernet('02:00:00:00:00:01', '00:00:00:00:00:00');
const reset = (vip: string, client: string, port: number) =>
  back().ip(vip, client).tcp(port, 40_000, 'R', { sequence: ACKNOWLEDGED, acknowledgement: 0, window: 0 });

bothEntryPoints('flows of a target that is gone', prepare, (scene) => {
  const flow = (flags: string) => packet().ip(CLIENT, VIP).tcp(40_000, 80, flags);
  const goesTo = (address: string, flags: string) =>
    scene().expect(flow(flags), 'kernel', packet().ip(CLIENT, address).tcp(40_000, 80, flags));

  test('are reset where that is wanted, whether written down or not, and begin anew elsewhere', async () => {
    scene().datapath.setTarget(OLD, scene().target());
    await scene().useTargets(OLD);
    goesTo(TARGET, 'S');
    scene().datapath.setTarget(OLD, scene().target({ gone: true, resets: true }));
    await scene().useTargets(NEW, OLD);
    for (const flags of ['A', 'PA', 'FA']) {
      const run = () => scene().expect(flow(flags).payload(700), 'redirect', reset(VIP, CLIENT, 80));
      assert.deepEqual(scene().outcomesOf(run), { reset: 1n });
    }
    goesTo('192.0.2.20', 'S');
    goesTo('192.0.2.20', 'A');
  });

  test('a SYN that is sent again finds another target; a RST is never answered', () => {
    const known = packet().ip(CLIENT, VIP).tcp(41_000, 80, 'S');
    scene().expect(known, 'kernel', packet().ip(CLIENT, '192.0.2.20').tcp(41_000, 80, 'S'));
    const unanswered = () => scene().expect(packet().ip(CLIENT, VIP).tcp(42_000, 80, 'R'), 'drop');
    assert.deepEqual(scene().outcomesOf(unanswered), { no_target: 1n });
  });

  test('in a slot that names nobody else as well; datagrams find nobody', async () => {
    await scene().useTargets(OLD);
    scene().expect(flow('A'), 'redirect', reset(VIP, CLIENT, 80));
    const run = () => {
      scene().expect(flow('S'), 'drop');
      scene().expect(packet().ip(CLIENT, VIP).udp(40_000, 80), 'drop');
    };
    assert.deepEqual(scene().outcomesOf(run), { no_target: 2n });
  });

  test('IPv6', async () => {
    scene().datapath.setTarget(OLD6, scene().target({ address: TARGET6, gone: true, resets: true }));
    await scene().useTargets(OLD6, OLD6, SIX);
    const given = packet().ip(CLIENT6, VIP6).tcp(40_000, 80, 'PA').payload(5);
    scene().expect(given, 'redirect', reset(VIP6, CLIENT6, 80));
  });
});

bothEntryPoints('packets that do not fit a tunnel', prepare, (scene) => {
  /** A packet of so many bytes from the IP header on. */
  const sized = (bytes: number, port: number) =>
    packet()
      .ip(CLIENT, VIP)
      .tcp(40_000, port)
      .payload(bytes - 40);
  const sized6 = (bytes: number, port: number) =>
    packet()
      .ip(CLIENT6, VIP6)
      .udp(40_000, port)
      .payload(bytes - 48);
  const refuses = (given: Packet, expected: Packet) => {
    const before = scene().datapath.listenerTraffic(LISTENER).drops;
    const run = () => scene().expect(given, 'redirect', expected);
    assert.deepEqual(scene().outcomesOf(run), { too_big: 1n });
    assert.equal(scene().datapath.listenerTraffic(LISTENER).drops - before, 1n);
  };

  for (const [mode, port, fits] of [
    ['IP in IP', 82, 1480],
    ['GUE', 83, 1472],
  ] as const) {
    test(`${mode}: up to ${fits} bytes pass, beyond that the client is told`, async () => {
      await scene().useTargets(OLD);
      await scene().useTargets(OLD, OLD, SIX);
      assert.ok(scene().run(sized(fits, port).frame()).frame.length > fits + 14, 'sent');
      refuses(
        sized(fits + 1, port),
        back()
          .ip(VIP, CLIENT)
          .icmp(3, 4, fits)
          .payload(sized(fits + 1, port).quote()),
      );
      assert.ok(scene().run(sized6(fits, port).frame()).frame.length > fits + 14, 'sent');
      refuses(
        sized6(fits + 1, port),
        back()
          .ip(VIP6, CLIENT6)
          .icmp(2, 0, fits)
          .payload(sized6(fits + 1, port).quote()),
      );
    });
  }

  test('without a known MTU, and without a tunnel, nothing is looked at', () => {
    scene().expect(sized(3000, 81), 'redirect', fromNode().ip(CLIENT, VIP).tcp(40_000, 81).payload(2960));
    scene().datapath.setTarget(OLD, scene().target({ tunnelSource: NODE, nextHop: NEXT_HOP }));
    assert.deepEqual(
      scene().outcomesOf(() => scene().run(sized(3000, 82).frame())),
      {},
    );
  });
});
