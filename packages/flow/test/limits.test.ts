import assert from 'node:assert/strict';
import { test } from 'node:test';
import { packet } from '@evenkeel/testbed/packets/packet.ts';
import { addressBytes } from '../src/datapath/address.ts';
import { bothEntryPoints, CLIENT, CLIENT6, LISTENER, type Scene, TARGET, TARGET6, VIP, VIP6 } from './scene.ts';

/** So slow that no test sees a token come back by itself. */
const NEVER = 0.001;
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
  /** Moves what is due next of all sources by this many nanoseconds. */
  const pass = (nanoseconds: bigint) => {
    const map = scene().object.map('buckets');
    for (const key of [...map.keys()]) {
      const value = map.get(key)!;
      for (const offset of [0, 8]) value.writeBigUInt64LE(value.readBigUInt64LE(offset) - nanoseconds, offset);
      map.set(key, value);
    }
  };

  test('packets: a burst, then nothing, then what the time has brought', () => {
    scene().datapath.setLimits(LISTENER, { packets: THREE, flows: null, syns: null });
    sends(CLIENT, 'A', 3);
    isRefused(CLIENT, 'A', 'packet_rate');
    pass(1_000_000_000_000n);
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

  test('sources that had to make room begin anew: the table has an end', () => {
    for (let host = 0; host < 4000; host++) {
      const source = `198.18.${host >> 8}.${host & 255}`;
      scene().run(packet().ip(source, VIP).tcp(1, 80, 'S').frame());
    }
    const count = [...scene().object.map('buckets').keys()].length;
    assert.ok(count <= 1024, `${count}`);
    sends('198.18.200.1', 'S', 3);
    isRefused('198.18.200.1', 'S', 'packet_rate');
  });

  test('taken away, everything passes', () => {
    scene().datapath.setLimits(LISTENER, null);
    sends(CLIENT, 'S', 10);
    const key = Buffer.concat([Buffer.from([LISTENER, 0, 0, 0]), addressBytes('198.18.200.1')]);
    assert.equal(scene().object.map('buckets').get(key)?.length, 16, 'a source is known by listener and address');
  });
});
