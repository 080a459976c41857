import assert from 'node:assert/strict';
import { test } from 'node:test';
import { packet } from '@evenkeel/testbed/packets/packet.ts';
import { bothEntryPoints, type Scene, TARGET, TARGET6, VIP, VIP6 } from './scene.ts';

async function prepare(scene: Scene): Promise<void> {
  const { datapath } = scene;
  datapath.addVip(VIP);
  datapath.addVip(VIP6);
  datapath.setTarget(1, scene.target());
  datapath.setTarget(2, scene.target({ address: TARGET6 }));
  datapath.setListener({ address: VIP, port: 80, protocol: 'tcp' }, scene.listener());
  datapath.setListener({ address: VIP6, port: 80, protocol: 'tcp' }, scene.listener({ service: 9 }));
  datapath.setOrigin({ address: TARGET, port: 80, protocol: 'tcp' }, { vip: VIP, port: 80, listener: 1 });
  await scene.useTargets(1);
  await scene.useTargets(2, 2, 9);
}

bothEntryPoints('sources with a rule', prepare, (scene) => {
  const passes = (source: string) => {
    const [vip, target] = source.includes(':') ? [VIP6, TARGET6] : [VIP, TARGET];
    const translated = packet().ip(source, target).tcp(1, 80, 'S');
    scene().expect(packet().ip(source, vip).tcp(1, 80, 'S'), 'kernel', translated);
  };
  const isDenied = (source: string) => {
    const given = packet().ip(source, source.includes(':') ? VIP6 : VIP);
    const run = () => scene().expect(given.tcp(1, 80, 'S'), 'drop');
    assert.deepEqual(scene().outcomesOf(run), { denied: 1n });
  };

  test('an address is denied until its rule is taken away, and its neighbour never', () => {
    for (const [source, neighbour] of [
      ['198.51.100.7', '198.51.100.8'],
      ['2001:db8:c::7', '2001:db8:c::8'],
    ] as const) {
      scene().datapath.setSource(source, 'denied');
      isDenied(source);
      passes(neighbour);
      scene().datapath.setSource(source, null);
      passes(source);
    }
  });

  test('networks: the longest prefix decides, an address by itself before all', () => {
    const { datapath } = scene();
    datapath.setSource('198.18.0.0', 'denied', 15);
    datapath.setSource('198.18.4.0', 'allowed', 24);
    datapath.setSource('198.18.4.9', 'denied');
    datapath.setSource('198.19.0.1', 'allowed');
    for (const source of ['198.18.0.0', '198.19.255.255', '198.18.5.1', '198.18.4.9']) isDenied(source);
    for (const source of ['198.17.255.255', '198.20.0.0', '198.18.4.8', '198.19.0.1']) passes(source);
    datapath.setSource('198.18.0.0', null, 15);
    passes('198.18.5.1');
  });

  test('IPv6 networks, and all of IPv4, which is no part of them', () => {
    const { datapath } = scene();
    datapath.setSource('2001:db8:bad::', 'denied', 48);
    isDenied('2001:db8:bad:1::1');
    passes('2001:db8:bae::1');
    datapath.setSource('0.0.0.0', 'denied', 0);
    isDenied('203.0.113.250');
    passes('2001:db8:bae::1');
    datapath.setSource('0.0.0.0', null, 0);
    assert.throws(() => datapath.setSource('198.18.0.0', 'denied', 33), /not a prefix/);
  });

  test('refused packets are counted by the rule that refused them', () => {
    const { datapath } = scene();
    datapath.setSource('192.88.99.0', 'denied', 24, 7);
    datapath.setSource('192.88.99.3', 'denied', null, 4095);
    isDenied('192.88.99.1');
    isDenied('192.88.99.2');
    isDenied('192.88.99.3');
    assert.deepEqual([datapath.refusals(7), datapath.refusals(4095), datapath.refusals(8)], [2n, 1n, 0n]);
    assert.throws(() => datapath.setSource('192.88.99.4', 'denied', null, 4096), RangeError);
  });

  test('echo and what cannot be balanced are refused as well; other ways to this host are not', () => {
    scene().datapath.setSource('198.51.100.66', 'denied');
    for (const given of [
      packet().ip('198.51.100.66', VIP).icmp(8),
      packet().ip('198.51.100.66', VIP, { fragment: 0x2000 }).udp(1, 80),
    ]) {
      const run = () => scene().expect(given, 'drop');
      assert.deepEqual(scene().outcomesOf(run), { denied: 1n });
    }
    scene().expect(packet().ip('198.51.100.66', '192.0.2.1').tcp(1, 22, 'S'), 'notOurs');
  });
});
