import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Packet, packet } from '@evenkeel/testbed/packets/packet.ts';
import {
  bothEntryPoints,
  CLIENT,
  CLIENT6,
  NEXT_HOP,
  NODE,
  NODE6,
  type Scene,
  TARGET,
  TARGET6,
  VIP,
  VIP6,
} from './scene.ts';

const PORTS = { nat: 80, l2: 81, ipip: 82, gue: 83 } as const;
const ROUTER = '192.0.2.254';
const ROUTER6 = '2001:db8:b::fe';
/** Of outer headers by family, and those of GUE in them. */
const [OVER_IPV4, OVER_IPV6, UDP] = [20, 40, 8];
const [SERVICE4, SERVICE6] = [1, 2];

async function prepare(scene: Scene): Promise<void> {
  const { datapath } = scene;
  datapath.setTarget(1, scene.target({ tunnelSource: NODE, nextHop: NEXT_HOP }));
  datapath.setTarget(2, scene.target({ address: TARGET6, tunnelSource: NODE6, nextHop: NEXT_HOP }));
  await scene.useTargets(1, 1, SERVICE4);
  await scene.useTargets(2, 2, SERVICE6);
  for (const mode of ['nat', 'l2', 'ipip', 'gue'] as const) {
    for (const protocol of ['tcp', 'udp'] as const) {
      for (const [service, offset] of [
        [SERVICE4, 0],
        [SERVICE6, 100],
      ] as const) {
        for (const address of [VIP, VIP6]) {
          const port = PORTS[mode] + offset;
          datapath.setListener({ address, port, protocol }, scene.listener({ mode, service }));
        }
      }
    }
  }
  for (const vip of [VIP, VIP6]) datapath.addVip(vip);
}

/** Where a tunnel has come to a router: over which family, by whom it was sent, and what is larger by it. */
const OUTSIDES = [
  { over: 'IPv4', from: NODE, to: TARGET, router: ROUTER, offset: 0, kind: [3, 4], header: OVER_IPV4 },
  { over: 'IPv6', from: NODE6, to: TARGET6, router: ROUTER6, offset: 100, kind: [2, 0], header: OVER_IPV6 },
] as const;
const INSIDES = [
  { inner: 'IPv4', client: CLIENT, vip: VIP, type: 3, code: 4 },
  { inner: 'IPv6', client: CLIENT6, vip: VIP6, type: 2, code: 0 },
] as const;

bothEntryPoints('a router on the way of a tunnel has no room for a packet', prepare, (scene) => {
  for (const mode of ['ipip', 'gue'] as const) {
    for (const { over, from, to, router, offset, kind, header } of OUTSIDES) {
      for (const { inner, client, vip, type: told, code: detail } of INSIDES) {
        const port = PORTS[mode] + offset;
        const sent = () => packet().ip(client, vip).tcp(40_000, port).payload(1400);
        const tunnel = () =>
          mode === 'gue' ? packet().ip(from, to).udp(0xc123, 6080, { checksum: false }) : packet().ip(from, to);
        const outer = header + (mode === 'gue' ? UDP : 0);
        /** Quoted as far as the ports of the inner packet. */
        const quoted = (about: Packet) =>
          about
            .ip(client, vip)
            .tcp(40_000, port)
            .payload(1400)
            .bytes()
            .subarray(0, outer + sent().quote().length);
        const error = (mtu: number, [type, code]: readonly [number, number] = kind) =>
          packet().ip(router, from).icmp(type, code, mtu).payload(quoted(tunnel()));

        test(`${mode} over ${over}: the client of ${inner} is told what would fit`, () => {
          const isSame = over === inner;
          const speaker = isSame ? router : vip;
          const expected = packet()
            .ip(speaker, client)
            .icmp(told, detail, 1400 - outer)
            .payload(sent().quote());
          const run = () => scene().expect(error(1400), 'kernel', expected);
          assert.deepEqual(scene().outcomesOf(run), { icmp_returned: 1n });
        });

        test(`${mode} over ${over}, ${inner}: what says nothing of size, or nothing new, is left to the kernel`, () => {
          for (const given of [error(sent().bytes().length + outer), error(outer), error(1400, [kind[0] + 1, 1])]) {
            scene().expect(given, 'notOurs');
          }
        });
      }
    }
  }

  const about = (from: string, to: string, port: number) =>
    packet()
      .ip(ROUTER, from)
      .icmp(3, 4, 1400)
      .payload(packet().ip(from, to).ip(CLIENT, VIP).tcp(40_000, port).payload(1400).bytes().subarray(0, 48));

  test('nothing is said about what this node would not have sent: to others, or in no tunnel', () => {
    scene().expect(about(NODE, '192.0.2.99', PORTS.ipip), 'notOurs');
    for (const port of [PORTS.nat, PORTS.l2, 99]) scene().expect(about(NODE, TARGET, port), 'notOurs');
  });

  test('nor where the error quotes too little of it', () => {
    const whole = about(NODE, TARGET, PORTS.ipip).frame();
    const short = packet()
      .ip(ROUTER, NODE)
      .icmp(3, 4, 1400)
      .payload(whole.subarray(42, 42 + 47));
    scene().expect(short, 'notOurs');
  });

  test('also where the node tunnels from an address that is a VIP', () => {
    scene().datapath.addVip(NODE);
    const run = () => scene().run(about(NODE, TARGET, PORTS.ipip).frame());
    assert.deepEqual(scene().outcomesOf(run), { icmp_returned: 1n });
    scene().datapath.removeVip(NODE);
  });
});
