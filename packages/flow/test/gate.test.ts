import assert from 'node:assert/strict';
import { test } from 'node:test';
import { packet } from '@evenkeel/testbed/packets/packet.ts';
import { listKey } from '../src/datapath/blocked-sources.ts';
import { bothEntryPoints, type Scene, TARGET, TARGET6, VIP, VIP6 } from './scene.ts';

const [ADMITTED, BY_GROUP, BY_LIST] = [-1, 0, 1];
const whole = (verdict: number) => [4, 6].map((family) => ({ family: family as 4 | 6, first: 0n, length: 0, verdict }));

async function prepare(scene: Scene): Promise<void> {
  const { datapath } = scene;
  datapath.addVip(VIP);
  datapath.addVip(VIP6);
  datapath.setTarget(1, scene.target());
  datapath.setTarget(2, scene.target({ address: TARGET6 }));
  for (const protocol of ['tcp', 'udp'] as const) {
    datapath.setListener({ address: VIP, port: 80, protocol }, scene.listener({ gate: 7 }));
    datapath.setListener({ address: VIP6, port: 80, protocol }, scene.listener({ service: 9, gate: 7 }));
    datapath.setOrigin({ address: TARGET, port: 80, protocol }, { vip: VIP, port: 80, listener: 1 });
  }
  await scene.useTargets(1);
  await scene.useTargets(2, 2, 9);
}

bothEntryPoints('who may open flows', prepare, (scene) => {
  const tcp = (source: string, flags: string) => {
    const [vip, target] = source.includes(':') ? [VIP6, TARGET6] : [VIP, TARGET];
    const [given, out] = [packet().ip(source, vip), packet().ip(source, target)];
    return { given: given.tcp(1, 80, flags), out: out.tcp(1, 80, flags) };
  };
  const passes = (source: string, flags = 'S') => {
    const { given, out } = tcp(source, flags);
    scene().expect(given, 'kernel', out);
  };
  const isRefused = (source: string, reason: 'security_group' | 'allowed_sources') => {
    const run = () => scene().expect(tcp(source, 'S').given, 'drop');
    assert.deepEqual(scene().outcomesOf(run), { [reason]: 1n });
  };

  test('the longest prefix of the gate decides, for both families', () => {
    const admissions = scene().datapath.admissions();
    admissions.add(7, [
      ...whole(BY_GROUP),
      { family: 4, first: 0xc6336400n, length: 24, verdict: ADMITTED },
      { family: 4, first: 0xc6336409n, length: 32, verdict: BY_LIST },
      { family: 6, first: 0x20010db8n << 96n, length: 32, verdict: ADMITTED },
    ]);
    passes('198.51.100.7');
    isRefused('198.51.100.9', 'allowed_sources');
    isRefused('198.51.101.1', 'security_group');
    passes('2001:db8:c::7');
    isRefused('2001:db9::1', 'security_group');
  });

  test('flows that are open go on, and datagrams are judged one by one', () => {
    passes('198.51.101.1', 'A');
    const datagram = (source: string) => packet().ip(source, VIP).udp(1, 80);
    scene().expect(datagram('198.51.101.1'), 'drop');
    scene().expect(datagram('198.51.100.7'), 'kernel', packet().ip('198.51.100.7', TARGET).udp(1, 80));
  });

  test('a gate that is gone lets nobody in, and others are as they were', () => {
    const admissions = scene().datapath.admissions();
    assert.deepEqual(admissions.gates, [7]);
    admissions.add(8, whole(ADMITTED));
    assert.throws(() => admissions.add(8, []), RangeError);
    admissions.remove(7);
    isRefused('198.51.100.7', 'security_group');
    scene().datapath.setListener({ address: VIP, port: 80, protocol: 'tcp' }, scene().listener({ gate: 8 }));
    passes('198.51.101.1');
    assert.deepEqual(scene().datapath.admissions().gates, [8]);
  });

  test('who is in the block list of the listener may not, until the time is over', () => {
    const { datapath } = scene();
    const list = listKey('tenant');
    const sources = datapath.blockedSources();
    const endpoint = { address: VIP, port: 80, protocol: 'tcp' } as const;
    datapath.setListener(endpoint, scene().listener({ blockList: list }));
    sources.set(list, Uint32Array.of(0xc6336400), 24, null);
    sources.set(list, Uint32Array.of(0xc6336407), 32, 0);
    sources.set(listKey('another'), Uint32Array.of(0xc6336500), 24, null);
    passes('198.51.100.9');
    datapath.block(true);
    const run = () => scene().expect(tcp('198.51.100.9', 'S').given, 'drop');
    assert.deepEqual(scene().outcomesOf(run), { blocked: 1n });
    passes('198.51.100.9', 'A');
    passes('198.51.100.7');
    passes('198.51.101.9');
    assert.deepEqual([...sources.entries()].filter((entry) => entry.list.equals(list)).length, 2);
    assert.ok(sources.delete(list, Uint32Array.of(0xc6336400), 24));
    passes('198.51.100.9');
    sources.set(list, new Uint32Array(4), 0, null);
    passes('198.51.100.9'); // IPv4 is no part of IPv6
    sources.delete(list, new Uint32Array(4), 0);
    datapath.block(false);
    datapath.setListener(endpoint, scene().listener({ gate: 8 }));
  });

  test('there is room for so many prefixes', () => {
    const admissions = scene().datapath.admissions();
    const one = { family: 4, first: 1n, length: 32, verdict: ADMITTED } as const;
    assert.equal(admissions.add(9, Array(admissions.room + 1).fill(one)), false);
    assert.deepEqual(scene().datapath.admissions().gates, [8]);
  });
});
