import assert from 'node:assert/strict';
import { test } from 'node:test';
import { packet } from '@evenkeel/testbed/packets/packet.ts';
import { bucketPlaces, findBucket } from '../src/datapath/source-bucket.ts';
import { bothEntryPoints, CLIENT, CLIENT6, LISTENER, type Scene, SEED, TARGET, TARGET6, VIP, VIP6 } from './scene.ts';

/** So slow that no test sees a token come back by itself. */
const NEVER = 0.001;
/** Of an IPv4 address in a frame. */
const SOURCE_OFFSET = 26;
const THREE = { perSecond: NEVER, burst: 3 };

async function prepare(scene: Scene): Promise<void> {
  const { datapath } = scene;
  datapath.setTarget(1, scene.target());
  datapath.setTarget(2, scene.target({ address: TARGET6 }));
  for (const protocol of ['tcp', 'udp'] as const) {
    datapath.setListener({ address: VIP, port: 80, protocol }, scene.listener({ limited: true }));
    datapath.setListener({ address: VIP6, port: 80, protocol }, scene.listener({ limited: true, service: 9 }));
  }
  datapath.setListener({ address: VIP, port: 81, protocol: 'tcp' }, scene.listener({ number: LISTENER + 1 }));
  await scene.useTargets(1);
  await scene.useTargets(2, 2, 9);
}

bothEntryPoints('limits for each source', prepare, (scene) => {
  const sends = (source: string, flags: string, times: number, port = 80) => {
    const [vip, target] = source.includes(':') ? [VIP6, TARGET6] : [VIP, TARGET];
    for (let i = 0; i < times; i++) {
      const translated = packet().ip(source, target).tcp(40_000, port, flags);
      scene().expect(packet().ip(source, vip).tcp(40_000, port, flags), 'kernel', translated);
    }
  };
  const isRefused = (source: string, flags: string, reason: 'packet_rate' | 'flow_rate') => {
    const vip = source.includes(':') ? VIP6 : VIP;
    const run = () => scene().expect(packet().ip(source, vip).tcp(40_000, 80, flags), 'drop');
    const before = scene().datapath.listenerTraffic(LISTENER).drops;
    assert.deepEqual(scene().outcomesOf(run), { [reason]: 1n });
    assert.equal(scene().datapath.listenerTraffic(LISTENER).drops - before, 1n);
  };
  const sender = (client: string) => ({ client, number: LISTENER, hashSeed: SEED });
  const buckets = () => scene().object.map('buckets');
  /** The source would have to wait until then for its next packet, and connection. */
  const setDue = (place: Buffer, due: bigint) => {
    const value = buckets().get(place)!;
    for (const offset of [16, 24]) value.writeBigUInt64LE(due, offset);
    buckets().set(place, value);
  };

  test('packets: a burst, then nothing, then what the time has brought', () => {
    scene().datapath.setLimits(LISTENER, { packets: THREE, flows: null, syns: null });
    sends(CLIENT, 'A', 3);
    isRefused(CLIENT, 'A', 'packet_rate');
    const { place, packetsDue } = findBucket(buckets(), sender(CLIENT))!;
    setDue(place, packetsDue - 1_000_000_000_000n);
    sends(CLIENT, 'A', 1);
    isRefused(CLIENT, 'A', 'packet_rate');
  });

  test('another source, and another listener, are none of it', () => {
    sends('198.51.100.8', 'A', 3);
    scene().datapath.setLimits(LISTENER + 1, { packets: THREE, flows: null, syns: null });
    sends(CLIENT, 'A', 5, 81);
  });

  test('addresses of one IPv6 network of 64 bits share what they have', () => {
    sends(CLIENT6, 'A', 2);
    sends('2001:db8:c::8', 'A', 1);
    isRefused('2001:db8:c::9', 'A', 'packet_rate');
    sends('2001:db8:c:1::7', 'A', 1);
  });

  test('new connections: established ones go on', () => {
    scene().datapath.setLimits(LISTENER, { packets: null, flows: THREE, syns: null });
    const source = '198.51.100.20';
    sends(source, 'S', 3);
    isRefused(source, 'S', 'flow_rate');
    sends(source, 'A', 5);
    sends(source, 'PA', 1);
    isRefused(source, 'S', 'flow_rate');
  });

  test('datagrams are packets, and no connections', () => {
    const datagram = (source: string) => packet().ip(source, VIP).udp(1, 80);
    const passes = (source: string) =>
      scene().expect(datagram(source), 'kernel', packet().ip(source, TARGET).udp(1, 80));
    for (let i = 0; i < 5; i++) passes('198.51.100.30');
    scene().datapath.setLimits(LISTENER, { packets: THREE, flows: THREE, syns: null });
    for (let i = 0; i < 3; i++) passes('198.51.100.31');
    scene().expect(datagram('198.51.100.31'), 'drop');
  });

  test('of eight sources that hash alike, the one that is free of debt first makes room', () => {
    const source = '198.18.200.1';
    const places = bucketPlaces(sender(source));
    const now = process.hrtime.bigint();
    const stranger = (way: number, due: bigint) => {
      const value = Buffer.alloc(32);
      value.writeBigUInt64LE(BigInt(way), 0);
      value.writeBigUInt64LE(99n, 8);
      buckets().set(places[way]!, value);
      setDue(places[way]!, due);
    };
    const strangers = () => places.map((place) => buckets().get(place)!.readUInt32LE(8) === 99);
    const others = (...ways: number[]) => places.map((_, way) => !ways.includes(way));
    const hours = (count: number) => now + BigInt(count) * 3_600_000_000_000n;

    // All have something to answer for, and the sixth the least.
    for (let way = 0; way < 8; way++) stranger(way, hours(way === 5 ? 1 : 2 + way));
    sends(source, 'S', 3);
    isRefused(source, 'S', 'packet_rate');
    assert.deepEqual(strangers(), others(5));
    assert.deepEqual(findBucket(buckets(), sender(source))?.place, places[5]);

    // One that has nothing to answer for goes first, however far behind.
    buckets().set(places[5]!, Buffer.alloc(32));
    stranger(5, hours(10));
    stranger(3, now - 1n);
    sends(source, 'S', 3);
    isRefused(source, 'S', 'packet_rate');
    assert.deepEqual(strangers(), others(3));
    for (const place of places) buckets().set(place, Buffer.alloc(32));
  });

  test('each of ten thousand sources has its own', () => {
    const frame = packet().ip('198.18.0.0', VIP).tcp(1, 80).frame();
    const run = () => {
      for (let time = 0; time < 4; time++) {
        for (let host = 0; host < 10_000; host++) {
          frame.writeUInt32BE(0xc613_0000 + host, SOURCE_OFFSET);
          scene().run(frame);
        }
      }
    };
    assert.deepEqual(scene().outcomesOf(run), { packet_rate: 10_000n });
  });

  test('taken away, everything passes', () => {
    scene().datapath.setLimits(LISTENER, null);
    sends(CLIENT, 'S', 10);
  });
});
