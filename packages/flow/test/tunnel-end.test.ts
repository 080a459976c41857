import assert from 'node:assert/strict';
import { after, before, suite, test } from 'node:test';
import { requiresKernelDatapath } from '@evenkeel/testbed/kernel-datapath.ts';
import { type Packet, packet } from '@evenkeel/testbed/packets/packet.ts';
import { objectPath, PROGRAMS } from '../src/build/compile.ts';
import { LoadedObject } from '../src/loader/object.ts';
import { testRun } from '../src/loader/test-run.ts';
import { TunnelEnd } from '../src/target/tunnel-end.ts';
import { CLIENT, CLIENT6, NODE, NODE6, TARGET, TARGET6, VIP, VIP6 } from './scene.ts';

const VERDICTS = { xdp: { kernel: 2, notOurs: 2, drop: 1 }, tcx: { kernel: 0, notOurs: -1, drop: 2 } } as const;
const STRANGER = '192.0.2.66';

for (const program of PROGRAMS) {
  suite(`a target's end of tunnels (${program})`, { skip: requiresKernelDatapath() }, () => {
    let object: LoadedObject | undefined;
    let end: TunnelEnd;
    before(() => {
      object = LoadedObject.load(objectPath(`target-${program}`));
      end = new TunnelEnd(object);
      end.setVips([VIP, VIP6]);
      end.setBalancers([NODE, NODE6]);
    });
    after(() => object?.close());

    const expectFrame = (given: Buffer, verdict: keyof (typeof VERDICTS)['xdp'], out: Buffer) => {
      const run = testRun(object!.program(`decapsulate_${program}`), given);
      assert.equal(run.verdict, VERDICTS[program][verdict], `verdict, expected ${verdict}`);
      assert.equal(run.frame.toString('hex'), out.toString('hex'));
    };
    const expect = (given: Packet, verdict: keyof (typeof VERDICTS)['xdp'], out = given) =>
      expectFrame(given.frame(), verdict, out.frame());
    const inner4 = (on: Packet) => on.ip(CLIENT, VIP).tcp(40_000, 80).payload(99);
    const inner6 = (on: Packet) => on.ip(CLIENT6, VIP6).udp(40_000, 80).payload(99);
    const outer4 = () => packet().ip(NODE, TARGET);
    const outer6 = () => packet().ip(NODE6, TARGET6);
    const gue = (outer: Packet) => outer.udp(50_000, 6080, { checksum: false });

    for (const [title, outer, inner] of [
      ['IPv4 in IPv4', outer4, inner4],
      ['IPv6 in IPv4', outer4, inner6],
      ['IPv4 in IPv6', outer6, inner4],
      ['IPv6 in IPv6', outer6, inner6],
      ['IPv4 in UDP over IPv4', () => gue(outer4()), inner4],
      ['IPv6 in UDP over IPv4', () => gue(outer4()), inner6],
      ['IPv4 in UDP over IPv6', () => gue(outer6()), inner4],
      ['IPv6 in UDP over IPv6', () => gue(outer6()), inner6],
    ] as const) {
      test(`${title}: what is left is the packet of the client`, () => {
        const before = end.counts().decapsulated;
        expect(inner(outer()), 'kernel', inner(packet()));
        assert.equal(end.counts().decapsulated - before, 1n);
      });
    }

    test('from a host that is no balancer, a packet to a VIP is dropped', () => {
      const before = end.counts();
      expect(inner4(packet().ip(STRANGER, TARGET)), 'drop');
      expect(inner4(gue(packet().ip('2001:db8:b::66', TARGET6))), 'drop');
      const { decapsulated, refused } = end.counts();
      assert.deepEqual([decapsulated - before.decapsulated, refused - before.refused], [0n, 2n]);
    });

    test('tunnels to other addresses, and what is none, are left to the kernel', () => {
      for (const given of [
        outer4().ip(CLIENT, TARGET).tcp(1, 80),
        outer6().ip(CLIENT6, TARGET6).tcp(1, 80),
        outer4().udp(50_000, 6081).ip(CLIENT, VIP).tcp(1, 80),
        packet().ip(CLIENT, VIP).tcp(1, 80),
        packet().ip(CLIENT6, VIP6).udp(1, 80),
        packet().ip(NODE, TARGET, { fragment: 0x2000 }).ip(CLIENT, VIP).tcp(1, 80),
        packet()
          .ip(NODE, TARGET, { options: Buffer.alloc(4, 1) })
          .ip(CLIENT, VIP)
          .tcp(1, 80),
      ]) {
        expect(given, 'notOurs');
      }
    });

    test('what is cut off, or of no version, is left to the kernel', () => {
      const whole = inner4(gue(outer4())).frame();
      for (const length of [14 + 20, 14 + 20 + 7, 14 + 28, 14 + 28 + 19]) {
        const part = whole.subarray(0, length);
        expectFrame(part, 'notOurs', part);
      }
      const versionless = Buffer.from(whole);
      versionless[14 + 28] = 0x05;
      expectFrame(versionless, 'notOurs', versionless);
      const arp = Buffer.from(whole);
      arp.writeUInt16BE(0x0806, 12);
      expectFrame(arp, 'notOurs', arp);
    });

    test('addresses that are not given again are forgotten', () => {
      end.setBalancers([STRANGER]);
      expect(inner4(outer4()), 'drop');
      expect(inner4(packet().ip(STRANGER, TARGET)), 'kernel', inner4(packet()));
      end.setBalancers([NODE, NODE6]);
      end.setVips([VIP6]);
      expect(inner4(outer4()), 'notOurs');
      end.setVips([VIP, VIP6]);
    });
  });
}
