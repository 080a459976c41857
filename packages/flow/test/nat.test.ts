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
  type Scene,
  SERVICE,
  TARGET,
  TARGET6,
  VIP,
  VIP6,
} from './scene.ts';

const NEAR = 1;
const ROUTED = 2;
const SIX = 4;

async function prepare(scene: Scene): Promise<void> {
  const { datapath } = scene;
  datapath.setTarget(NEAR, scene.target({ port: 8080, nextHop: NEXT_HOP }));
  datapath.setTarget(ROUTED, scene.target());
  datapath.setTarget(SIX, scene.target({ address: TARGET6, port: 8080 }));
  await scene.useTargets(ROUTED);
  await scene.useTargets(NEAR, NEAR, SERVICE + 1);
  await scene.useTargets(SIX, SIX, SERVICE + 2);
  for (const protocol of ['tcp', 'udp'] as const) {
    datapath.setListener({ address: VIP, port: 80, protocol }, scene.listener());
    datapath.setListener({ address: VIP, port: 81, protocol }, scene.listener({ service: SERVICE + 1 }));
    datapath.setListener({ address: VIP6, port: 80, protocol }, scene.listener({ service: SERVICE + 2 }));
    datapath.setListener({ address: VIP6, port: 81, protocol }, scene.listener({ service: SERVICE }));
    datapath.setListenerRange(
      { address: VIP, port: 5000, lastPort: 5999, protocol },
      scene.listener({ number: LISTENER + 1 }),
    );
    datapath.setOrigin({ address: TARGET, port: 8080, protocol }, { vip: VIP, port: 81, listener: LISTENER });
    datapath.setOrigin({ address: TARGET6, port: 8080, protocol }, { vip: VIP6, port: 80, listener: LISTENER });
    datapath.setOrigin({ address: TARGET, port: 0, protocol }, { vip: VIP, port: null, listener: LISTENER + 1 });
  }
}

bothEntryPoints('NAT', prepare, (scene) => {
  test('TCP, routed by the kernel: the destination changes, the hop limit does not', () => {
    scene().expect(
      packet().ip(CLIENT, VIP).tcp(40_000, 80, 'S').payload('hello'),
      'kernel',
      packet().ip(CLIENT, TARGET).tcp(40_000, 80, 'S').payload('hello'),
    );
  });

  test('TCP to a next hop: port, MAC addresses and hop limit change', () => {
    scene().expect(
      packet().ip(CLIENT, VIP).tcp(40_000, 81).payload(1001),
      'redirect',
      fromNode().ip(CLIENT, TARGET, { hopLimit: 63 }).tcp(40_000, 8080).payload(1001),
    );
  });

  test('UDP with a checksum', () => {
    scene().expect(
      packet().ip(CLIENT, VIP).udp(40_000, 81).payload('query'),
      'redirect',
      fromNode().ip(CLIENT, TARGET, { hopLimit: 63 }).udp(40_000, 8080).payload('query'),
    );
  });

  test('UDP without a checksum stays without', () => {
    scene().expect(
      packet().ip(CLIENT, VIP).udp(40_000, 81, { checksum: false }).payload('query'),
      'redirect',
      fromNode().ip(CLIENT, TARGET, { hopLimit: 63 }).udp(40_000, 8080, { checksum: false }).payload('query'),
    );
  });

  test('UDP whose new checksum would be 0', () => {
    // With this payload the sum of the translated datagram is all ones, whose complement says "no checksum".
    const translated = (payload: Buffer) => packet().ip(CLIENT, TARGET).udp(40_000, 80).payload(payload);
    const missing = translated(Buffer.alloc(2)).bytes().readUInt16BE(26);
    const payload = Buffer.alloc(2);
    payload.writeUInt16BE(missing);
    assert.equal(translated(payload).bytes().readUInt16BE(26), 0xffff);
    scene().expect(packet().ip(CLIENT, VIP).udp(40_000, 80).payload(payload), 'kernel', translated(payload));
  });

  test('IPv6, TCP and UDP', () => {
    scene().expect(
      packet().ip(CLIENT6, VIP6).tcp(40_000, 80).payload(33),
      'kernel',
      packet().ip(CLIENT6, TARGET6).tcp(40_000, 8080).payload(33),
    );
    scene().expect(
      packet().ip(CLIENT6, VIP6).udp(40_000, 80).payload(33),
      'kernel',
      packet().ip(CLIENT6, TARGET6).udp(40_000, 8080).payload(33),
    );
  });

  test('IPv6 to a next hop', () => {
    const { datapath } = scene();
    datapath.setTarget(SIX, scene().target({ address: TARGET6, port: 8080, nextHop: NEXT_HOP }));
    scene().expect(
      packet().ip(CLIENT6, VIP6).tcp(40_000, 80).payload(33),
      'redirect',
      fromNode().ip(CLIENT6, TARGET6, { hopLimit: 63 }).tcp(40_000, 8080).payload(33),
    );
    datapath.setTarget(SIX, scene().target({ address: TARGET6, port: 8080 }));
  });

  test('between the families there is no translation', () => {
    const run = () => scene().expect(packet().ip(CLIENT6, VIP6).tcp(40_000, 81), 'drop');
    assert.deepEqual(scene().outcomesOf(run), { no_target: 1n });
  });

  test('a hop limit of 1 ends here when the node is the router, else in the kernel', () => {
    const run = () => scene().expect(packet().ip(CLIENT, VIP, { hopLimit: 1 }).tcp(40_000, 81), 'drop');
    assert.deepEqual(scene().outcomesOf(run), { hop_limit: 1n });
    scene().expect(
      packet().ip(CLIENT, VIP, { hopLimit: 1 }).tcp(40_000, 80),
      'kernel',
      packet().ip(CLIENT, TARGET, { hopLimit: 1 }).tcp(40_000, 80),
    );
  });

  test('a range of ports keeps the port, and ends where it ends', () => {
    for (const port of [5000, 5001, 5123, 5999]) {
      scene().expect(
        packet().ip(CLIENT, VIP).tcp(40_000, port),
        'kernel',
        packet().ip(CLIENT, TARGET).tcp(40_000, port),
      );
    }
    for (const port of [4999, 6000]) scene().expect(packet().ip(CLIENT, VIP).tcp(40_000, port), 'notOurs');
  });

  test('answers of a target come from the VIP', () => {
    const run = () => {
      scene().expect(
        packet().ip(TARGET, CLIENT).tcp(8080, 40_000, 'SA'),
        'kernel',
        packet().ip(VIP, CLIENT).tcp(81, 40_000, 'SA'),
      );
      scene().expect(
        packet().ip(TARGET, CLIENT).udp(8080, 40_000).payload('answer'),
        'kernel',
        packet().ip(VIP, CLIENT).udp(81, 40_000).payload('answer'),
      );
      scene().expect(
        packet().ip(TARGET6, CLIENT6).tcp(8080, 40_000).payload(777),
        'kernel',
        packet().ip(VIP6, CLIENT6).tcp(80, 40_000).payload(777),
      );
    };
    assert.deepEqual(scene().outcomesOf(run), { returned: 3n });
  });

  test('answers from a range keep their port', () => {
    scene().expect(
      packet().ip(TARGET, CLIENT).tcp(5123, 40_000, 'SA'),
      'kernel',
      packet().ip(VIP, CLIENT).tcp(5123, 40_000, 'SA'),
    );
  });

  test('what a target of a range sends from its other ports is its own', () => {
    for (const port of [22, 4999, 6000]) {
      scene().expect(packet().ip(TARGET, CLIENT).tcp(port, 40_000, 'SA'), 'notOurs');
      scene().expect(packet().ip(TARGET, CLIENT).udp(port, 53).payload('question'), 'notOurs');
    }
  });

  test('a listener whose VIP has changed: answers come from the new one', () => {
    const { datapath } = scene();
    const target = { address: TARGET, port: 8080, protocol: 'tcp' } as const;
    const answer = packet().ip(TARGET, CLIENT).tcp(8080, 40_000, 'SA');
    datapath.setOrigin(target, { vip: '203.0.113.9', port: 443, listener: LISTENER });
    scene().expect(answer, 'kernel', packet().ip('203.0.113.9', CLIENT).tcp(443, 40_000, 'SA'));
    datapath.setOrigin(target, { vip: VIP, port: 81, listener: LISTENER });
    scene().expect(answer, 'kernel', packet().ip(VIP, CLIENT).tcp(81, 40_000, 'SA'));
  });

  test('packets, bytes and new flows are counted for the listener and the target', () => {
    const { datapath } = scene();
    const before = [datapath.listenerTraffic(LISTENER), datapath.targetTraffic(NEAR)];
    const open = packet().ip(CLIENT, VIP).tcp(40_000, 81, 'S');
    const data = packet().ip(CLIENT, VIP).tcp(40_000, 81).payload(100);
    scene().expect(open, 'redirect', fromNode().ip(CLIENT, TARGET, { hopLimit: 63 }).tcp(40_000, 8080, 'S'));
    scene().expect(data, 'redirect', fromNode().ip(CLIENT, TARGET, { hopLimit: 63 }).tcp(40_000, 8080).payload(100));
    scene().expect(packet().ip(CLIENT, VIP, { hopLimit: 1 }).tcp(40_000, 81), 'drop');
    const bytes = BigInt(open.frame().length + data.frame().length + 54);
    for (const [index, traffic] of [datapath.listenerTraffic(LISTENER), datapath.targetTraffic(NEAR)].entries()) {
      const { packets, bytes: was, flows } = before[index]!;
      assert.deepEqual([traffic.packets - packets, traffic.bytes - was, traffic.flows - flows], [3n, bytes, 1n]);
    }
    assert.equal(datapath.listenerTraffic(LISTENER).drops - before[0]!.drops, 1n);
  });

  test('what comes to an address of the node itself is its own, answers of targets as well; listeners there go first', () => {
    const { datapath } = scene();
    const own = { address: NODE, port: 0, lastPort: 65_535, protocol: 'tcp' } as const;
    const answer = packet().ip(TARGET, NODE).tcp(8080, 40_000, 'SA');
    scene().expect(answer, 'kernel', packet().ip(VIP, NODE).tcp(81, 40_000, 'SA'));
    datapath.setListenerRange(own, scene().listener({ isNode: true, service: 0 }));
    const run = () => scene().expect(answer, 'notOurs');
    assert.deepEqual(scene().outcomesOf(run), { not_ours: 1n });
    datapath.setListener({ ...own, port: 443 }, scene().listener({ service: SERVICE + 1 }));
    const request = packet().ip(CLIENT, NODE).tcp(40_000, 443, 'S');
    scene().expect(request, 'redirect', fromNode().ip(CLIENT, TARGET, { hopLimit: 63 }).tcp(40_000, 8080, 'S'));
    datapath.removeListener({ ...own, port: 443 });
    datapath.removeListenerRange(own);
    scene().expect(answer, 'kernel', packet().ip(VIP, NODE).tcp(81, 40_000, 'SA'));
  });
});
