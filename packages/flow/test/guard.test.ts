import assert from 'node:assert/strict';
import { test } from 'node:test';
import { packet } from '@evenkeel/testbed/packets/packet.ts';
import { sourceKey } from '../src/datapath/denied-sources.ts';
import { GENERATION_UNIT, numberKey, sourceRuleBytes } from '../src/datapath/layout.ts';
import { bothEntryPoints, type Scene, TARGET, TARGET6, VIP, VIP6 } from './scene.ts';

/** Ends in the second after the machine has started. */
const OVER = sourceRuleBytes({ deniedUntil: 1, allowedUntil: 1 });
/** In what a CPU remembers of a source (`recent_source` of bpf/structs.h). */
const [KNOWN, DENIED_UNTIL, ALLOWED_UNTIL] = [16, 20, 24];
const IS_KNOWN = 1;

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

  test('neighbours find each other, also where everybody is denied; from beyond a router nobody does', () => {
    const { datapath } = scene();
    datapath.setSource('::', 'denied', 0);
    for (const type of [133, 135, 136, 137]) {
      scene().expect(packet().ip('fe80::1', VIP6, { hopLimit: 255 }).icmp(type), 'notOurs');
      scene().expect(packet().ip('fe80::1', VIP6, { hopLimit: 254 }).icmp(type), 'drop');
    }
    for (const type of [128, 132, 138]) {
      scene().expect(packet().ip('fe80::1', VIP6, { hopLimit: 255 }).icmp(type), 'drop');
    }
    datapath.setSource('::', null, 0);
  });

  test('who is allowed passes, whatever denies him, and an address needs no network to say so', () => {
    const { datapath } = scene();
    datapath.setSource('198.18.0.0', 'denied', 15);
    datapath.setSource('198.19.0.1', 'allowed');
    datapath.setSource('198.19.0.2', 'denied');
    for (const source of ['198.18.0.0', '198.19.255.255', '198.18.4.9', '198.19.0.2']) isDenied(source);
    for (const source of ['198.17.255.255', '198.20.0.0', '198.19.0.1']) passes(source);
    datapath.setSource('198.18.4.0', 'allowed', 24);
    datapath.setSource('198.18.4.9', 'denied');
    for (const source of ['198.18.4.8', '198.18.4.9']) passes(source);
    datapath.setSource('198.18.4.0', null, 24);
    for (const source of ['198.18.4.8', '198.18.4.9']) isDenied(source);
    datapath.setSource('198.18.0.0', null, 15);
    passes('198.18.5.1');
    isDenied('198.18.4.9');
  });

  test('a rule is over by itself, and where none is left nothing is looked at', () => {
    const { datapath, object } = scene();
    const sources = datapath.deniedSources();
    const clear = () => {
      for (const { words, length } of [...sources.entries()]) sources.delete(sourceKey(words, length));
    };
    clear();
    const [address, network] = [sourceKey(Uint32Array.of(0xc6120001), 32), sourceKey(Uint32Array.of(0xc6120000), 24)];
    // What has no time left is over, like what was put in for a second and is looked at after it.
    sources.set(address, { denied: null, allowed: -1 });
    sources.set(network, { denied: -1, allowed: 0 });
    isDenied('198.18.0.1');
    passes('198.18.0.2');
    sources.set(network, { denied: null, allowed: 600 });
    passes('198.18.0.1');
    const kept = [...sources.entries()].map(({ words, length }) => [words.join(), length]);
    assert.deepEqual(kept, [
      [String(0xc6120001), 32],
      [String(0xc6120000), 24],
    ]);
    clear();
    const inUse = object.map('guards').get(numberKey(0))!.readUInt32LE(0);
    assert.equal(inUse % GENERATION_UNIT, 0);
    passes('198.18.0.1');
  });

  test('what is remembered of a source ends with its rule', () => {
    const { datapath, object } = scene();
    const sources = datapath.deniedSources();
    const [allowed, denied, outside] = [0xc6120001, 0xc6120002, 0xc6130001].map((word) =>
      sourceKey(Uint32Array.of(word), 32),
    );
    datapath.setSource('198.18.0.0', 'denied', 16);
    sources.set(allowed!, { denied: 0, allowed: 600 });
    sources.set(denied!, { denied: 600, allowed: 0 });
    sources.set(outside!, { denied: 600, allowed: 0 });
    passes('198.18.0.1');
    isDenied('198.18.0.2');
    isDenied('198.19.0.1');
    // The rules are over, and programs are not told; what one CPU remembers, all do.
    const memory = object.map('recent_sources');
    for (const key of [allowed!, denied!, outside!]) object.map('sources').set(key, OVER);
    const inUse = object.map('guards').get(numberKey(0))!.readUInt32LE(0);
    const known = inUse - (inUse % GENERATION_UNIT) + IS_KNOWN;
    const isOne = (bytes: Buffer) =>
      bytes.readUInt32LE(KNOWN) === known && [allowed!, denied!, outside!].some((key) => bytes.indexOf(key) === 0);
    const remembered = [...memory.keys()].flatMap((place) =>
      memory
        .getPerCpu(place)!
        .filter(isOne)
        .map((bytes) => ({ place, bytes })),
    );
    for (const { place, bytes } of remembered) memory.setPerCpu(place, bytes);
    const verdictOf = (source: string) => scene().run(packet().ip(source, VIP).tcp(1, 80, 'S').frame()).verdict;
    const verdicts = () => ['198.18.0.1', '198.18.0.2', '198.19.0.1'].map(verdictOf);
    const [drop, kernel] = [scene().verdict('drop'), scene().verdict('kernel')];
    assert.deepEqual(verdicts(), [kernel, drop, drop]);
    for (const { place, bytes } of remembered) {
      for (const at of [DENIED_UNTIL, ALLOWED_UNTIL]) if (bytes.readUInt32LE(at) !== 0) bytes.writeUInt32LE(1, at);
      memory.setPerCpu(place, bytes);
    }
    // The second one by the network, which nobody had to ask before.
    assert.deepEqual(verdicts(), [drop, drop, kernel]);
    for (const key of [allowed!, denied!, outside!]) sources.delete(key);
    datapath.setSource('198.18.0.0', null, 16);
    passes('198.18.0.2');
  });

  test('of more sources than are remembered each is judged by itself', () => {
    const { datapath } = scene();
    datapath.setSource('10.128.0.0', 'denied', 9);
    const [drop, kernel] = [scene().verdict('drop'), scene().verdict('kernel')];
    const verdict = (source: string) => scene().run(packet().ip(source, VIP).tcp(1, 80, 'S').frame()).verdict;
    for (const time of ['first', 'second']) {
      for (let i = 0; i < 3_000; i++) {
        const rest = `${i >> 8}.${i & 255}`;
        assert.equal(verdict(`10.1.${rest}`), kernel, `${rest}, the ${time} time`);
        assert.equal(verdict(`10.129.${rest}`), drop, `${rest}, the ${time} time`);
      }
    }
    datapath.setSource('10.128.0.0', null, 9);
    assert.equal(verdict('10.129.0.1'), kernel);
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
    datapath.setSource('::', 'denied', 0);
    isDenied('2001:db8:bae::1');
    passes('203.0.113.250');
    datapath.setSource('::', null, 0);
    assert.throws(() => datapath.setSource('198.18.0.0', 'denied', 33), /not a prefix/);
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
    // The API of a node may be at an address that is a VIP.
    scene().expect(packet().ip('198.51.100.66', VIP).tcp(1, 22, 'S'), 'notOurs');
  });
});
