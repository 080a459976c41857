import assert from 'node:assert/strict';
import { test } from 'node:test';
import { packet } from '@evenkeel/testbed/packets/packet.ts';
import { BORROWED_RANGE } from '../src/datapath/borrowed-range.ts';
import { FLOW_STATES } from '../src/datapath/flow-record.ts';
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
  datapath.setTarget(SIX, scene.target({ address: TARGET6, tunnelSource: NODE6, nextHop: NEXT_HOP }));
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

/** The frame that a client gets from this node itself. */
const back = () => packet().ethernet('02:00:00:00:00:01', '00:00:00:00:00:00');

bothEntryPoints('NAT that hides clients', prepare, (scene, program) => {
  /** The port that a flow of the client has got, read where the frame has it. */
  const portOf = (client: string, port: number, vipPort = 80) =>
    scene()
      .run(packet().ip(client, VIP).tcp(port, vipPort, 'S').frame())
      .frame.readUInt16BE(34);

  test('TCP: the target sees the node, the client the VIP, and a flow keeps its port', () => {
    const own = portOf(CLIENT, 40_000);
    assert.ok(own >= BORROWED_RANGE.first && own <= BORROWED_RANGE.last);
    const flow = { protocol: 'tcp', client: CLIENT, clientPort: 40_000, vip: VIP, vipPort: 80 } as const;
    assert.deepEqual(scene().forecaster.seenAs(flow, NEAR), { address: NODE, port: own, isNow: true });
    const next = scene().forecaster.seenAs({ ...flow, clientPort: 40_009 }, NEAR);
    assert.deepEqual(next, { address: NODE, port: portOf(CLIENT, 40_009), isNow: false });
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
      fromNode().ip(NODE6, TARGET6, { hopLimit: 63 }).udp(own, 80).payload('query').frame().toString('hex'),
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

  /** The entry of the flow that has this port of the node, and what it says. */
  const entryOf = (own: number, protocol = 6) => {
    const map = scene().object.map('borrowers');
    const key = [...map.keys()].find((bytes) => bytes.readUInt16BE(34) === own && bytes[36] === protocol)!;
    const read = () => {
      const value = map.get(key)!;
      return { state: FLOW_STATES[value[50]!], seen: value.readUInt32LE(40), listener: value.readUInt32LE(36), value };
    };
    /** As if nothing had come for so many seconds. */
    const silence = (seconds: number) => {
      const { value, seen } = read();
      value.writeUInt32LE((seen - seconds) >>> 0, 40);
      map.set(key, value);
    };
    const give = (clientPort: number, state: (typeof FLOW_STATES)[number]) => {
      const { value } = read();
      value.writeUInt16BE(clientPort, 32);
      value[50] = FLOW_STATES.indexOf(state);
      map.set(key, value);
    };
    return { key, read, silence, give };
  };

  test('where all ports that a flow could have are taken, it is refused, unless one of them is hardly needed', () => {
    const fresh = packet().ip('198.51.100.99', VIP).tcp(5, 80, 'S');
    const again = () => portOf('198.51.100.99', 5);
    // All entries become another flow's, one after the other, until it has tried all of its ports.
    const taken = Array.from({ length: 8 }, () => {
      const port = again();
      const entry = entryOf(port);
      entry.give(6, 'established');
      return { port, ...entry };
    });
    assert.equal(new Set(taken.map(({ port }) => port)).size, 8);
    const before = scene().datapath.listenerTraffic(LISTENER).drops;
    const isRefused = () =>
      assert.deepEqual(
        scene().outcomesOf(() => scene().expect(fresh, 'drop')),
        { no_port: 1n },
      );
    isRefused();
    assert.equal(scene().datapath.listenerTraffic(LISTENER).drops - before, 1n);
    for (const [index, state, seconds] of [
      [3, 'established', 1801],
      [4, 'opening', 31],
      [5, 'closing', 5],
    ] as const) {
      const { give, silence, port } = taken[index]!;
      give(6, state);
      silence(seconds - 1 - (state === 'established' ? 0 : 1));
      isRefused();
      silence(2);
      assert.equal(again(), port, state);
      give(6, 'established');
    }
    // One that has ended goes before one that would only yield.
    taken[0]!.give(6, 'opening');
    taken[0]!.silence(45);
    taken[1]!.give(6, 'closing');
    taken[1]!.silence(61);
    assert.equal(again(), taken[1]!.port);
  });

  test('a connection is established by its second packet, and ends with FIN or RST of either side', () => {
    const own = portOf(CLIENT, 40_100);
    const { read } = entryOf(own);
    const sends = (flags: string) => scene().run(packet().ip(CLIENT, VIP).tcp(40_100, 80, flags).frame());
    const answers = (flags: string) => scene().run(packet().ip(TARGET, NODE).tcp(8080, own, flags).frame());
    answers('SA');
    assert.equal(read().state, 'opening');
    sends('A');
    assert.equal(read().state, 'established');
    answers('FA');
    assert.equal(read().state, 'closing');
    sends('A');
    assert.equal(read().state, 'closing');
    sends('S');
    assert.equal(read().state, 'opening', 'the client has its port for another connection');
    sends('R');
    assert.equal(read().state, 'closing');
  });

  test('UDP: whoever has asked once and has an answer is through; answers keep the port', () => {
    const ask = () =>
      scene().run(packet().ip(CLIENT, VIP).udp(40_101, 80, { checksum: false }).payload('query').frame()).frame;
    const own = ask().readUInt16BE(34);
    const { read, silence } = entryOf(own, 17);
    assert.equal(read().state, 'opening');
    const now = read().seen;
    silence(100);
    scene().run(packet().ip(TARGET, NODE).udp(8080, own).payload('answer').frame());
    assert.equal(read().state, 'closing');
    assert.ok(read().seen >= now);
    assert.equal(ask().readUInt16BE(34), own);
    assert.equal(read().state, 'established');
  });

  test('answers to a listener that is gone go to nobody; one that comes to its place has its flows', () => {
    const endpoint = { address: VIP, port: 81, protocol: 'tcp' } as const;
    const own = portOf(CLIENT, 40_102, 81);
    const answer = packet().ip(TARGET, NODE).tcp(8080, own);
    scene().datapath.removeListener(endpoint);
    scene().expect(answer, 'notOurs');
    scene().datapath.setListener(endpoint, scene().listener({ hidesClients: true, number: LISTENER + 1 }));
    scene().expect(answer, 'notOurs');
    assert.equal(portOf(CLIENT, 40_102, 81), own);
    assert.equal(entryOf(own).read().listener, LISTENER + 1);
    scene().expect(answer, 'kernel', packet().ip(VIP, CLIENT).tcp(81, 40_102));
  });

  test('a port of the node on which a load balancer listens is no flow’s', () => {
    const flow = { protocol: 'tcp', client: CLIENT, clientPort: 40_103, vip: VIP, vipPort: 80 } as const;
    const first = scene().forecaster.seenAs(flow, NEAR)!.port;
    const endpoint = { address: NODE, port: first, protocol: 'tcp' } as const;
    scene().datapath.setListener(endpoint, scene().listener({ number: LISTENER + 2 }));
    const second = scene().forecaster.seenAs(flow, NEAR)!.port;
    assert.notEqual(second, first);
    assert.equal(portOf(CLIENT, 40_103), second);
    scene().datapath.removeListener(endpoint);
  });

  test('what does not fit the way to the target any more is answered', () => {
    scene().datapath.setTarget(NEAR, scene().target({ port: 8080, tunnelSource: NODE, nextHop: NEXT_HOP, mtu: 1400 }));
    const sized = (bytes: number) =>
      packet()
        .ip(CLIENT, VIP)
        .tcp(40_104, 80)
        .payload(bytes - 40);
    assert.deepEqual(
      scene().outcomesOf(() => scene().run(sized(1400).frame())),
      {},
    );
    const run = () =>
      scene().expect(sized(1401), 'redirect', back().ip(VIP, CLIENT).icmp(3, 4, 1400).payload(sized(1401).quote()));
    assert.deepEqual(scene().outcomesOf(run), { too_big: 1n });
  });

  test('a target whose next hop is not known gets nothing, and no port is taken for it', () => {
    const borrowed = () => [...scene().object.map('borrowers').keys()].length;
    const before = borrowed();
    scene().datapath.setTarget(NEAR, scene().target({ port: 8080, tunnelSource: NODE }));
    scene().datapath.setTarget(SIX, scene().target({ address: TARGET6, tunnelSource: NODE6 }));
    const run = () => {
      scene().expect(packet().ip(CLIENT, VIP).tcp(40_105, 80, 'S'), 'drop');
      scene().expect(packet().ip(CLIENT6, VIP6).udp(40_105, 80), 'drop');
    };
    assert.deepEqual(scene().outcomesOf(run), { no_next_hop: 2n });
    assert.equal(borrowed(), before);
    const flow = { protocol: 'tcp', client: CLIENT, clientPort: 40_105, vip: VIP, vipPort: 80 } as const;
    assert.equal(scene().forecaster.seenAs(flow, NEAR), null);
  });

  test('a target whose hardware address is not known: tcx has the kernel ask, XDP sends nothing', () => {
    const nextHop = { ...NEXT_HOP, mac: null };
    scene().datapath.setTarget(NEAR, scene().target({ port: 8080, tunnelSource: NODE, nextHop }));
    const flow = { protocol: 'tcp', client: CLIENT, clientPort: 40_106, vip: VIP, vipPort: 80 } as const;
    const given = packet().ip(CLIENT, VIP).tcp(40_106, 80, 'S');
    const seen = scene().forecaster.seenAs(flow, NEAR);
    if (program === 'xdp') {
      assert.equal(seen, null);
      assert.deepEqual(
        scene().outcomesOf(() => scene().expect(given, 'drop')),
        { no_next_hop: 1n },
      );
      return;
    }
    const nobody = '00:00:00:00:00:00';
    const expected = packet().ethernet(nobody, nobody).ip(NODE, TARGET, { hopLimit: 63 }).tcp(seen!.port, 8080, 'S');
    scene().expect(given, 'redirect', expected);
  });

  test('a target without an address of the node, or of another family, gets nothing', () => {
    scene().datapath.setTarget(NEAR, scene().target({ port: 8080 }));
    scene().datapath.setTarget(SIX, scene().target({ address: TARGET6 }));
    const run = () => {
      scene().expect(packet().ip(CLIENT, VIP).tcp(40_000, 80), 'drop');
      scene().expect(packet().ip(CLIENT6, VIP6).tcp(40_000, 80), 'drop');
    };
    assert.deepEqual(scene().outcomesOf(run), { no_target: 2n });
  });
});
