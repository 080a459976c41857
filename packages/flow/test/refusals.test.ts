import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Packet, packet } from '@evenkeel/testbed/packets/packet.ts';
import type { Outcome } from '../src/datapath/layout.ts';
import { bothEntryPoints, CLIENT, CLIENT6, type Scene, TARGET, VIP, VIP6 } from './scene.ts';

async function prepare(scene: Scene): Promise<void> {
  const { datapath } = scene;
  datapath.addVip(VIP);
  datapath.addVip(VIP6);
  datapath.setTarget(1, scene.target());
  datapath.setListener({ address: VIP, port: 80, protocol: 'tcp' }, scene.listener());
  await scene.useTargets(1);
}

/** More fragments, the last fragment, and options: of a packet to `to`. */
const REFUSED: Record<string, [Outcome, (to: string) => Packet]> = {
  'the first fragment': ['fragment', (to) => packet().ip(CLIENT, to, { fragment: 0x2000 }).tcp(1, 80)],
  'a later fragment': ['fragment', (to) => packet().ip(CLIENT, to, { fragment: 0x0010 }).tcp(1, 80)],
  'an option': [
    'extensions',
    (to) =>
      packet()
        .ip(CLIENT, to, { options: Buffer.alloc(4, 1) })
        .tcp(1, 80),
  ],
  'SYN and FIN': ['malformed', (to) => packet().ip(CLIENT, to).tcp(1, 80, 'SF')],
  'SYN and RST': ['malformed', (to) => packet().ip(CLIENT, to).tcp(1, 80, 'SR')],
  'no flags': ['malformed', (to) => packet().ip(CLIENT, to).tcp(1, 80, '')],
  'FIN without ACK': ['malformed', (to) => packet().ip(CLIENT, to).tcp(1, 80, 'F')],
  'half a TCP header': ['malformed', (to) => packet().ip(CLIENT, to, { protocol: 6 }).payload(10)],
  'half a UDP header': ['malformed', (to) => packet().ip(CLIENT, to, { protocol: 17 }).payload(4)],
  'half an ICMP header': ['malformed', (to) => packet().ip(CLIENT, to, { protocol: 1 }).payload(4)],
};
const REFUSED6: Record<string, [Outcome, (to: string) => Packet]> = {
  'a fragment': ['fragment', (to) => packet().ip(CLIENT6, to, { protocol: 44 }).payload(40)],
  'hop-by-hop options': ['extensions', (to) => packet().ip(CLIENT6, to, { protocol: 0 }).payload(40)],
  'a routing header': ['extensions', (to) => packet().ip(CLIENT6, to, { protocol: 43 }).payload(40)],
  'destination options': ['extensions', (to) => packet().ip(CLIENT6, to, { protocol: 60 }).payload(40)],
  'half a TCP header': ['malformed', (to) => packet().ip(CLIENT6, to, { protocol: 6 }).payload(10)],
};

bothEntryPoints('what is not balanced', prepare, (scene) => {
  for (const [family, cases, vip, other] of [
    ['IPv4', REFUSED, VIP, '203.0.113.99'],
    ['IPv6', REFUSED6, VIP6, '2001:db8:a::99'],
  ] as const) {
    for (const [title, [outcome, make]] of Object.entries(cases)) {
      test(`${family}, ${title}: dropped for a VIP, left alone for others`, () => {
        const dropped = () => scene().expect(make(vip), 'drop');
        assert.deepEqual(scene().outcomesOf(dropped), { [outcome]: 1n });
        const passed = () => scene().expect(make(other), 'notOurs');
        assert.deepEqual(scene().outcomesOf(passed), { not_ours: 1n });
      });
    }
  }

  test('a packet that says it is longer than its frame', () => {
    const frame = packet().ip(CLIENT, VIP).tcp(1, 80).frame();
    frame.writeUInt16BE(1000, 16);
    assert.deepEqual(
      scene().outcomesOf(() => scene().run(frame)),
      { malformed: 1n },
    );
  });

  test('other ports of a VIP, other protocols, and other hosts are left to the kernel', () => {
    for (const left of [
      packet().ip(CLIENT, VIP).tcp(1, 81),
      packet().ip(CLIENT, VIP).udp(1, 80),
      packet().ip(CLIENT, VIP, { protocol: 47 }).payload(40),
      packet().ip(CLIENT6, VIP6, { protocol: 59 }),
      packet().ip(CLIENT, TARGET).tcp(1, 80),
    ]) {
      const run = () => scene().expect(left, 'notOurs');
      assert.deepEqual(scene().outcomesOf(run), { not_ours: 1n });
    }
  });

  test('frames of other kinds and to groups are left alone', () => {
    const arp = packet().ip(CLIENT, VIP).tcp(1, 80).frame();
    arp.writeUInt16BE(0x0806, 12);
    assert.ok(scene().run(arp).frame.equals(arp));
    const group = packet().ethernet('01:00:5e:00:00:01', '02:00:00:00:00:01').ip(CLIENT, VIP).tcp(1, 80);
    scene().expect(group, 'notOurs');
  });
});
