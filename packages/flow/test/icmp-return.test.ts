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
  SERVICE,
  TARGET,
  TARGET6,
  VIP,
  VIP6,
} from './scene.ts';

const ROUTER = '198.51.100.1';
const ROUTER6 = '2001:db8:c::1';
const HIDING = SERVICE + 5;
const ROUTER_BEHIND = '192.0.2.254';
const ROUTER_BEHIND6 = '2001:db8:b::fe';

async function prepare(scene: Scene): Promise<void> {
  const { datapath } = scene;
  datapath.addVip(VIP);
  datapath.addVip(VIP6);
  const hidden = { number: LISTENER + 3, hidesClients: true };
  const there = { port: 8080, nextHop: NEXT_HOP };
  datapath.setTarget(7, scene.target({ ...there, address: '192.0.2.17', tunnelSource: NODE }));
  datapath.setTarget(8, scene.target({ ...there, address: '2001:db8:b::17', tunnelSource: NODE6 }));
  await scene.useTargets(7, 7, HIDING);
  await scene.useTargets(8, 8, HIDING + 1);
  for (const protocol of ['tcp', 'udp'] as const) {
    datapath.setOrigin({ address: TARGET, port: 8080, protocol }, { vip: VIP, port: 80, listener: LISTENER });
    datapath.setOrigin({ address: TARGET6, port: 8080, protocol }, { vip: VIP6, port: 80, listener: LISTENER });
    datapath.setListener({ address: VIP, port: 90, protocol }, scene.listener({ ...hidden, service: HIDING }));
    datapath.setListener({ address: VIP6, port: 90, protocol }, scene.listener({ ...hidden, service: HIDING + 1 }));
    for (const address of [NODE, NODE6]) {
      const own = { address, port: 0, lastPort: 65_535, protocol };
      datapath.setListenerRange(own, scene.listener({ isNode: true, service: 0 }));
    }
  }
  datapath.hideClients(true);
}

bothEntryPoints('ICMP from the side of the targets, and where clients are hidden', prepare, (scene) => {
  const datagram = (from: string, fromPort: number, to: string, port: number) =>
    packet().ip(from, to).udp(fromPort, port, { checksum: false }).payload(8).quote();
  const returned = (run: () => void) => assert.deepEqual(scene().outcomesOf(run), { icmp_returned: 1n });

  test('what a target says of a packet comes from the VIP, about the packet that the client has sent', () => {
    returned(() =>
      scene().expect(
        packet()
          .ip(TARGET, CLIENT)
          .icmp(3, 3)
          .payload(datagram(CLIENT, 40_000, TARGET, 8080)),
        'kernel',
        packet()
          .ip(VIP, CLIENT)
          .icmp(3, 3)
          .payload(datagram(CLIENT, 40_000, VIP, 80)),
      ),
    );
    returned(() =>
      scene().expect(
        packet()
          .ip(TARGET6, CLIENT6)
          .icmp(1, 4)
          .payload(datagram(CLIENT6, 40_000, TARGET6, 8080)),
        'kernel',
        packet()
          .ip(VIP6, CLIENT6)
          .icmp(1, 4)
          .payload(datagram(CLIENT6, 40_000, VIP6, 80)),
      ),
    );
  });

  test('a router before the target keeps its own address: the client learns the path MTU behind the balancer', () => {
    const sent = (to: string, port: number) => packet().ip(CLIENT, to).tcp(40_000, port).payload(600).quote();
    returned(() =>
      scene().expect(
        packet().ip(ROUTER_BEHIND, CLIENT).icmp(3, 4, 1400).payload(sent(TARGET, 8080)),
        'kernel',
        packet().ip(ROUTER_BEHIND, CLIENT).icmp(3, 4, 1400).payload(sent(VIP, 80)),
      ),
    );
    const sent6 = (to: string, port: number) => packet().ip(CLIENT6, to).tcp(40_000, port).payload(600).quote();
    returned(() =>
      scene().expect(
        packet().ip(ROUTER_BEHIND6, CLIENT6).icmp(2, 0, 1400).payload(sent6(TARGET6, 8080)),
        'kernel',
        packet().ip(ROUTER_BEHIND6, CLIENT6).icmp(2, 0, 1400).payload(sent6(VIP6, 80)),
      ),
    );
  });

  test('errors about what this node itself has asked a target, or about others, are left alone', () => {
    scene().expect(
      packet()
        .ip(TARGET, NODE)
        .icmp(3, 3)
        .payload(datagram(NODE, 40_000, TARGET, 8080)),
      'notOurs',
    );
    scene().expect(
      packet()
        .ip(TARGET, CLIENT)
        .icmp(3, 3)
        .payload(datagram(CLIENT, 40_000, TARGET, 9)),
      'notOurs',
    );
    scene().expect(packet().ip(TARGET, CLIENT).icmp(3, 3).payload('short'), 'notOurs');
  });

  for (const [client, vip, target, node, kind] of [
    [CLIENT, VIP, '192.0.2.17', NODE, [3, 3]],
    [CLIENT6, VIP6, '2001:db8:b::17', NODE6, [1, 4]],
  ] as const) {
    const [type, code] = kind;

    test(`a hidden client (${client}) gets errors of its target as if about its own packet`, () => {
      const ask = packet().ip(client, vip).udp(40_000, 90).payload(8).frame();
      const own = scene()
        .run(ask)
        .frame.readUInt16BE(client === CLIENT ? 34 : 54);
      returned(() =>
        scene().expect(
          packet()
            .ip(target, node)
            .icmp(type, code)
            .payload(datagram(node, own, target, 8080)),
          'kernel',
          packet()
            .ip(vip, client)
            .icmp(type, code)
            .payload(datagram(client, 40_000, vip, 90)),
        ),
      );
    });

    test(`errors on the way to a hidden client (${client}) reach its target, from this node`, () => {
      const ask = packet().ip(client, vip).udp(40_001, 90).payload(8).frame();
      const own = scene()
        .run(ask)
        .frame.readUInt16BE(client === CLIENT ? 34 : 54);
      const errorAbout = (clientPort: number) =>
        packet()
          .ip(client === CLIENT ? ROUTER : ROUTER6, vip)
          .icmp(type, code)
          .payload(datagram(vip, 90, client, clientPort));
      const steered = () =>
        scene().expect(
          errorAbout(40_001),
          'redirect',
          fromNode()
            .ip(node, target)
            .icmp(type, code)
            .payload(datagram(target, 8080, node, own)),
        );
      assert.deepEqual(scene().outcomesOf(steered), { icmp_steered: 1n });
      const unknown = () => scene().expect(errorAbout(40_099), 'drop');
      assert.deepEqual(scene().outcomesOf(unknown), { icmp_steered: 1n, no_port: 1n });
      const settings = { address: target, port: 8080, tunnelSource: node };
      scene().datapath.setTarget(client === CLIENT ? 7 : 8, scene().target(settings));
      const lost = () => scene().expect(errorAbout(40_001), 'drop');
      assert.deepEqual(scene().outcomesOf(lost), { icmp_steered: 1n, no_next_hop: 1n });
    });
  }
});
