import assert from 'node:assert/strict';
import { join } from 'node:path';
import { after, before, suite, test } from 'node:test';
import { requiresKernelDatapath } from '@evenkeel/testbed/kernel-datapath.ts';
import { type Packet, packet } from '@evenkeel/testbed/packets/packet.ts';
import { type LineProcess, Namespace } from './namespaces.ts';
import type { Containers, Ran, Routing, ShortWay } from './peers/router.ts';

const [CLIENT, CLIENT6] = ['10.78.0.2', 'fd00:78::2'];
const [FAR_CLIENT, LOST_CLIENT] = ['198.51.100.7', '198.51.100.66'];
const [TARGET, TARGET6] = ['10.78.1.2', 'fd00:78:1::2'];
const [VIP, VIP6] = ['203.0.113.1', '2001:db8:a::1'];
/** Of tcx: what becomes of a packet that is sent on, of one that the kernel routes, and of what is none of the program. */
const VERDICTS = { sent: 7, kernel: 0, others: -1, dropped: 2 } as const;
/** Behind routes that have no room for everything. */
const [NARROW_TARGET, NARROW_TARGET6] = ['10.78.9.2', 'fd00:78:9::2'];
const [NARROW_VIP, NARROW_VIP6] = ['203.0.113.9', '2001:db8:a::9'];
/** Bytes: of these routes, and of the one to far clients. IPv6 knows none below 1280. */
const [NARROW, WIDER] = [1000, 1300];

suite('what NAT has translated takes the route of the kernel (tcx)', { skip: requiresKernelDatapath('ip') }, () => {
  const namespaces: Namespace[] = [];
  let node: Namespace;
  let router: LineProcess;

  before(async () => {
    const add = (name: string) => {
      namespaces.push(new Namespace(name));
      return namespaces.at(-1)!;
    };
    node = add('router');
    node.join('node0', '10.78.0.1/24', add('client'), 'eth0', `${CLIENT}/24`);
    node.join('node1', '10.78.1.1/24', add('target'), 'eth0', `${TARGET}/24`);
    node.ip('addr add fd00:78::1/64 dev node0 nodad');
    node.ip('addr add fd00:78:1::1/64 dev node1 nodad');
    node.ip(`route add ${FAR_CLIENT}/32 via ${CLIENT} mtu lock ${NARROW}`);
    node.ip(`route add unreachable ${LOST_CLIENT}/32`);
    node.ip(`route add ${NARROW_TARGET}/32 via ${TARGET} mtu lock ${NARROW}`);
    node.ip(`route add ${NARROW_TARGET6}/128 via ${TARGET6} mtu lock ${WIDER}`);
    forward('1');
    const work: Routing = {
      vips: [
        { vip: VIP, target: TARGET },
        { vip: VIP6, target: TARGET6 },
        { vip: NARROW_VIP, target: NARROW_TARGET },
        { vip: NARROW_VIP6, target: NARROW_TARGET6 },
      ],
    };
    router = node.start(process.execPath, join(import.meta.dirname, 'peers', 'router.ts'), JSON.stringify(work));
    await router.line();
  });

  after(async () => {
    for (const namespace of namespaces) await namespace.remove();
  });

  function forward(on: string): void {
    node.set('net/ipv4/ip_forward', on);
    node.set('net/ipv6/conf/all/forwarding', on);
  }

  /**
   * Byte by byte, with all checksums. `hop`: hardware addresses of what comes out, that of the next hop and our own; unless
   * told, those that it came in with: the kernel exchanges them later.
   */
  async function expect(
    device: string,
    given: Packet,
    verdict: keyof typeof VERDICTS,
    out: Packet,
    { mark = 0, hop }: { readonly mark?: number; readonly hop?: readonly [string, string] } = {},
  ) {
    const [to, from] = [node.mac(device), '02:00:00:00:00:01'];
    const frame = given.ethernet(to, from).frame().toString('hex');
    const ran = await router.ask<Ran>(JSON.stringify({ frame, device: node.deviceNumber(device), mark }));
    assert.equal(ran.verdict, VERDICTS[verdict]);
    assert.equal(
      ran.frame,
      out
        .ethernet(...(hop ?? ([to, from] as const)))
        .frame()
        .toString('hex'),
    );
  }

  const back = (device: string) => ({ hop: ['02:00:00:00:00:01', node.mac(device)] as const });
  const routed = { hopLimit: 63 };
  const open = () => packet().ip(CLIENT, VIP).tcp(40_000, 80, 'S');
  const opened = (options = {}) => packet().ip(CLIENT, TARGET, options).tcp(40_000, 8080, 'S');

  test('to a target and back, TCP and UDP, with a hop limit that is one less', async () => {
    await expect('node0', open(), 'sent', opened(routed));
    await expect(
      'node1',
      packet().ip(TARGET, CLIENT).tcp(8080, 40_000, 'SA').payload(1001),
      'sent',
      packet().ip(VIP, CLIENT, routed).tcp(80, 40_000, 'SA').payload(1001),
    );
    await expect(
      'node0',
      packet().ip(CLIENT, VIP).udp(40_000, 80).payload('query'),
      'sent',
      packet().ip(CLIENT, TARGET, routed).udp(40_000, 8080).payload('query'),
    );
  });

  test('the same over IPv6', async () => {
    await expect(
      'node0',
      packet().ip(CLIENT6, VIP6).tcp(40_000, 80).payload(33),
      'sent',
      packet().ip(CLIENT6, TARGET6, routed).tcp(40_000, 8080).payload(33),
    );
    await expect(
      'node1',
      packet().ip(TARGET6, CLIENT6).udp(8080, 40_000).payload('answer'),
      'sent',
      packet().ip(VIP6, CLIENT6, routed).udp(80, 40_000).payload('answer'),
    );
  });

  test('what has come to the end of its hop limit is for the kernel, which says so', async () => {
    await expect(
      'node1',
      packet().ip(TARGET, CLIENT, { hopLimit: 1 }).tcp(8080, 40_000),
      'kernel',
      packet().ip(VIP, CLIENT, { hopLimit: 1 }).tcp(80, 40_000),
    );
  });

  test('so is what somebody has marked: rules for routes may look at it', async () => {
    await expect('node0', open(), 'kernel', opened(), { mark: 7 });
  });

  test('what does not fit the route, by the last byte, goes there in pieces by the kernel where it may', async () => {
    const fits = NARROW - 40;
    const given = (bytes: number) => packet().ip(TARGET, FAR_CLIENT, { fragment: 0 }).tcp(8080, 40_000).payload(bytes);
    const out = (bytes: number, options = {}) =>
      packet()
        .ip(VIP, FAR_CLIENT, { fragment: 0, ...options })
        .tcp(80, 40_000)
        .payload(bytes);
    await expect('node1', given(fits), 'sent', out(fits, routed));
    await expect('node1', given(fits + 1), 'kernel', out(fits + 1));
  });

  test('where it may not be cut, its sender is told, about the packet as it was sent, as if by whom it was for', async () => {
    const fits = NARROW - 40;
    const answer = (bytes: number) => packet().ip(TARGET, FAR_CLIENT).tcp(8080, 40_000).payload(bytes);
    await expect('node1', answer(fits), 'sent', packet().ip(VIP, FAR_CLIENT, routed).tcp(80, 40_000).payload(fits));
    const told = packet().ip(FAR_CLIENT, TARGET).icmp(3, 4, NARROW);
    await expect('node1', answer(fits + 1), 'sent', told.payload(answer(fits + 1).quote()), back('node1'));
    const question = (bytes: number) => packet().ip(FAR_CLIENT, NARROW_VIP).tcp(40_000, 80).payload(bytes);
    const client = packet().ip(NARROW_VIP, FAR_CLIENT).icmp(3, 4, NARROW);
    await expect('node0', question(fits + 1), 'sent', client.payload(question(fits + 1).quote()), back('node0'));
    const question6 = (bytes: number) => packet().ip(CLIENT6, NARROW_VIP6).tcp(40_000, 80).payload(bytes);
    const client6 = packet().ip(NARROW_VIP6, CLIENT6).icmp(2, 0, WIDER);
    const large = question6(WIDER - 59);
    await expect('node0', large, 'sent', client6.payload(large.quote()), back('node0'));
  });

  test('so it is told where the kernel routes, which would speak of the packet as it is translated', async () => {
    const shorten = (shortWay: boolean) => router.ask(JSON.stringify({ shortWay } satisfies ShortWay));
    await shorten(false);
    const fits = NARROW - 40;
    const question = (bytes: number, options = {}) =>
      packet().ip(FAR_CLIENT, NARROW_VIP, options).tcp(40_000, 80).payload(bytes);
    const asked = (bytes: number, options = {}) =>
      packet().ip(FAR_CLIENT, NARROW_TARGET, options).tcp(40_000, 8080).payload(bytes);
    await expect('node0', question(fits), 'kernel', asked(fits));
    const client = packet().ip(NARROW_VIP, FAR_CLIENT).icmp(3, 4, NARROW);
    await expect('node0', question(fits + 1), 'sent', client.payload(question(fits + 1).quote()), back('node0'));
    await expect('node0', question(fits + 1, { fragment: 0 }), 'kernel', asked(fits + 1, { fragment: 0 }));
    const answer = (bytes: number) => packet().ip(TARGET, FAR_CLIENT).tcp(8080, 40_000).payload(bytes);
    await expect('node1', answer(fits), 'kernel', packet().ip(VIP, FAR_CLIENT).tcp(80, 40_000).payload(fits));
    const told = packet().ip(FAR_CLIENT, TARGET).icmp(3, 4, NARROW);
    await expect('node1', answer(fits + 1), 'sent', told.payload(answer(fits + 1).quote()), back('node1'));
    const question6 = (bytes: number) => packet().ip(CLIENT6, NARROW_VIP6).tcp(40_000, 80).payload(bytes);
    const client6 = packet().ip(NARROW_VIP6, CLIENT6).icmp(2, 0, WIDER);
    const large = question6(WIDER - 59);
    await expect('node0', large, 'sent', client6.payload(large.quote()), back('node0'));
    await shorten(true);
  });

  test('what a target says of a packet goes to the client under the VIP, with a hop limit that is one less', async () => {
    const question = open();
    const sent = opened();
    await expect(
      'node1',
      packet().ip(TARGET, CLIENT).icmp(3, 3).payload(sent.quote()),
      'sent',
      packet().ip(VIP, CLIENT, routed).icmp(3, 3).payload(question.quote()),
    );
    const question6 = packet().ip(CLIENT6, VIP6).tcp(40_000, 80, 'S');
    const sent6 = packet().ip(CLIENT6, TARGET6).tcp(40_000, 8080, 'S');
    await expect(
      'node1',
      packet().ip(TARGET6, CLIENT6).icmp(1, 4).payload(sent6.quote()),
      'sent',
      packet().ip(VIP6, CLIENT6, routed).icmp(1, 4).payload(question6.quote()),
    );
    const last = { hopLimit: 1 };
    await expect(
      'node1',
      packet().ip(TARGET, CLIENT, last).icmp(3, 3).payload(sent.quote()),
      'kernel',
      packet().ip(VIP, CLIENT, last).icmp(3, 3).payload(question.quote()),
    );
  });

  test('and what no route leads to, or one that refuses', async () => {
    for (const lost of [LOST_CLIENT, '192.0.2.99']) {
      await expect(
        'node1',
        packet().ip(TARGET, lost).tcp(8080, 40_000),
        'kernel',
        packet().ip(VIP, lost).tcp(80, 40_000),
      );
    }
  });

  test('what is to a VIP and nobody listens to is dropped, where the kernel would send it on', async () => {
    const all = () => [
      packet().ip(CLIENT, VIP).tcp(40_000, 81, 'S'),
      packet().ip(CLIENT, VIP).udp(40_000, 81).payload('query'),
      packet().ip(CLIENT6, VIP6).tcp(40_000, 81, 'S'),
    ];
    const become = async (verdict: keyof typeof VERDICTS) => {
      for (const given of all()) await expect('node0', given, verdict, given);
    };
    await become('others'); // there is no route
    node.ip(`route add 203.0.113.0/24 via ${CLIENT}`);
    node.ip(`route add 2001:db8:a::/64 via ${CLIENT6}`);
    await become('dropped');
    const elsewhere = packet().ip(CLIENT, '203.0.113.200').udp(40_000, 81);
    await expect('node0', elsewhere, 'others', elsewhere);
    node.ip(`addr add ${VIP}/32 dev lo`);
    node.ip(`addr add ${VIP6}/128 dev lo nodad`);
    await become('others');
    node.ip(`addr del ${VIP}/32 dev lo`);
    node.ip(`addr del ${VIP6}/128 dev lo`);
  });

  test('and what is for the node itself', async () => {
    await expect(
      'node1',
      packet().ip(TARGET, '10.78.0.1').tcp(8080, 40_000),
      'kernel',
      packet().ip(VIP, '10.78.0.1').tcp(80, 40_000),
    );
  });

  test('what is for a container has the hardware addresses of the way there, once they are known', async () => {
    const tellNumbers = (containers: number[]) => router.ask(JSON.stringify({ containers } satisfies Containers));
    const tell = (...names: string[]) => tellNumbers(names.map((name) => node.deviceNumber(name)));
    node.ip('neigh flush dev node1');
    await tell('node0', 'node1');
    await expect('node0', open(), 'sent', opened(routed));
    const mac = '02:00:00:00:00:77';
    for (const address of [TARGET, TARGET6]) node.ip(`neigh replace ${address} lladdr ${mac} dev node1 nud stale`);
    const hop = [mac, node.mac('node1')] as const;
    await expect('node0', open(), 'sent', opened(routed), { hop });
    await expect(
      'node0',
      packet().ip(CLIENT6, VIP6).udp(40_000, 80).payload('query'),
      'sent',
      packet().ip(CLIENT6, TARGET6, routed).udp(40_000, 8080).payload('query'),
      { hop },
    );
    // Of another device it is the kernel's.
    await tell('node0');
    await expect('node0', open(), 'sent', opened(routed));
    // So is that of the second of two devices whose numbers end alike.
    await tellNumbers([node.deviceNumber('node1') + 16_384, node.deviceNumber('node1')]);
    await expect('node0', open(), 'sent', opened(routed));
    await tellNumbers([node.deviceNumber('node1'), node.deviceNumber('node1') + 16_384]);
    await expect('node0', open(), 'sent', opened(routed), { hop });
    await tell();
    await expect('node0', open(), 'sent', opened(routed));
  });

  test('a node that does not forward sends nothing on', async () => {
    forward('0');
    await expect('node0', open(), 'kernel', opened());
    await expect(
      'node0',
      packet().ip(CLIENT6, VIP6).tcp(40_000, 80),
      'kernel',
      packet().ip(CLIENT6, TARGET6).tcp(40_000, 8080),
    );
    forward('1');
    await expect('node0', open(), 'sent', opened(routed));
  });
});
