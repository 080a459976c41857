import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type Duplex, duplexPair } from 'node:stream';
import { test } from 'node:test';
import { packet } from '@evenkeel/testbed/packets/packet.ts';
import { PROGRAMS } from '../src/build/compile.ts';
import { firstGeneration, type Generation, joinGeneration, nextGeneration, settle } from '../src/maglev/generations.ts';
import { SLOTS } from '../src/maglev/slots.ts';
import { type SlotAges, Unsettled } from '../src/maglev/unsettled.ts';
import { FlowSharing } from '../src/sharing/flow-sharing.ts';
import { encodeFrame, FRAME_KINDS } from '../src/sharing/frames.ts';
import { encodeFlows, encodeNumbers, type Numbers } from '../src/sharing/zone-view.ts';
import { bothEntryPoints, CLIENT, Scene, SERVICE, VIP } from './scene.ts';

const address = (name: string) => `192.0.2.${name}`;
/** Two nodes number the same targets, named by the last byte of their address, each in its own way. */
const HERE = new Map([
  [1, '10'],
  [2, '20'],
]);
const THERE = new Map([
  [1, '20'],
  [2, '99'],
  [3, '10'],
]);
const all = (number: number) => new Uint16Array(SLOTS).fill(number);

function prepare(scene: Scene, targets: ReadonlyMap<number, string> = HERE): void {
  for (const [number, name] of targets) scene.datapath.setTarget(number, scene.target({ address: address(name) }));
  scene.datapath.setListener({ address: VIP, port: 80, protocol: 'tcp' }, scene.listener());
}

bothEntryPoints('flows shared between two nodes', prepare, (scene) => {
  const goesTo = (node: Scene, name: string, flags: string, port: number) =>
    node.expect(
      packet().ip(CLIENT, VIP).tcp(port, 80, flags),
      'kernel',
      packet().ip(CLIENT, address(name)).tcp(port, 80, flags),
    );
  const sharing = (node: Scene, targets: ReadonlyMap<number, string>, tables: [string, Generation][] = []) => {
    const numbers: Numbers = { targets, services: new Map([[SERVICE, 'web']]) };
    const lost: string[] = [];
    return {
      lost,
      it: new FlowSharing({
        datapath: node.datapath,
        numbers: () => numbers,
        onTable: (service, generation) => tables.push([service, generation]),
        onLost: (_peer, error) => lost.push(error.message),
      }),
    };
  };
  const until = async (what: string, holds: () => boolean) => {
    const deadline = Date.now() + 60_000;
    while (!holds()) {
      assert.ok(Date.now() < deadline, what);
      await new Promise((resolve) => setImmediate(resolve));
    }
  };

  for (const [index, other] of PROGRAMS.entries()) {
    test(`what one writes down, the other goes by (${other}), and a node that joins learns all of it`, async () => {
      const port = 1000 + 100 * index;
      using joined = new Disposable(new Scene(other));
      const there = joined.scene;
      prepare(there, THERE);
      const generation = nextGeneration(all(2), firstGeneration(all(1)));
      await scene().datapath.swapTable(SERVICE, generation);
      goesTo(scene(), '20', 'S', port + 1);
      goesTo(scene(), '10', 'A', port + 2);

      const tables: [string, Generation][] = [];
      const [a, b] = [sharing(scene(), HERE), sharing(there, THERE, tables)];
      const [left, right] = duplexPair() as [Duplex, Duplex];
      a.it.add(left);
      b.it.add(right);
      await until('all is learnt', () => b.it.learnt === scene().datapath.countExceptions());
      assert.ok(b.it.learnt >= 2);
      const [name, theirs] = tables[0]!;
      assert.equal(name, 'web');
      const begun = joinGeneration(all(1), theirs);
      assert.equal(begun[7], ((3 << 16) | 0x8000 | 1) >>> 0, 'the same targets under other numbers');
      await there.datapath.swapTable(SERVICE, begun);
      goesTo(there, '20', 'A', port + 1);
      goesTo(there, '10', 'A', port + 3);

      goesTo(scene(), '20', 'S', port + 4);
      goesTo(there, '20', 'S', port + 5);
      const known = [a.it.learnt, b.it.learnt] as const;
      assert.deepEqual([a.it.tell(), b.it.tell()], [1, 2], 'the old flow as well');
      const written = () => [scene(), there].map(({ datapath }) => datapath.countExceptions());
      // As many may be written on either side before anything has arrived.
      await until('something is learnt', () => a.it.learnt > known[0] && b.it.learnt > known[1]);
      await until('what is new is learnt', () => new Set(written()).size === 1);
      goesTo(there, '20', 'A', port + 4);
      goesTo(scene(), '20', 'A', port + 5);
      assert.deepEqual([a.it.tell(), b.it.tell()], [0, 0], 'what was learnt is no news');
      assert.deepEqual([a.lost, b.lost], [[], []]);
      left.destroy();
      right.destroy();
      await until('the peer is gone', () => a.it.peers === 0);
      goesTo(scene(), '20', 'S', port + 6);
      assert.deepEqual(scene().datapath.takeNews(10), [], 'nobody is told when nobody listens');
    });
  }

  test('a node that joins settles when the others do: what begins there from then on lands here as well', async () => {
    using joined = new Disposable(new Scene('tcx'));
    const there = joined.scene;
    prepare(there, THERE);
    const generation = nextGeneration(all(2), firstGeneration(all(1)));
    await scene().datapath.swapTable(SERVICE, generation);
    const changed = new Unsettled();
    changed.look(generation, 0);
    const told: [Generation, SlotAges | null][] = [];
    const numbers = (targets: ReadonlyMap<number, string>) => () => ({
      targets,
      services: new Map([[SERVICE, 'web']]),
    });
    const a = new FlowSharing({
      datapath: scene().datapath,
      numbers: numbers(HERE),
      ages: () => changed.ages(20_000),
    });
    const b = new FlowSharing({
      datapath: there.datapath,
      numbers: numbers(THERE),
      onTable: (_service, table, ages) => told.push([table, ages]),
    });
    const [left, right] = duplexPair() as [Duplex, Duplex];
    a.add(left);
    b.add(right);
    await until('the ages are told', () => told.length === 2);
    left.destroy();
    right.destroy();
    const ages = told.find(([, found]) => found !== null)![1]!;
    const begun = joinGeneration(all(1), told[0]![0]);
    await there.datapath.swapTable(SERVICE, begun);
    goesTo(there, '10', 'A', 1950);

    // The joining node has begun at 1,000,000 on its own clock; the slots settle 30 s after the change, 10 s later.
    const found = new Unsettled();
    found.look(begun, 1_000_000, true);
    found.recall((slot) => 1_000_000 - ages.ages[ages.slots[slot]! - 1]!);
    const isDue = (now: number) => (slot: number) => found.isDue(slot, now - 30_000);
    assert.deepEqual(
      settle(begun, () => false, isDue(1_009_999)),
      begun,
    );
    await there.datapath.swapTable(
      SERVICE,
      settle(begun, () => false, isDue(1_010_000)),
    );
    await scene().datapath.swapTable(
      SERVICE,
      settle(generation, () => false),
    );
    const before = scene().datapath.countExceptions();
    goesTo(scene(), '20', 'S', 1951);
    assert.equal(scene().datapath.countExceptions(), before, 'nobody is told of it');
    goesTo(there, '20', 'A', 1951);
  });

  test('a peer of a version that does not hear of ages is told none', async () => {
    const generation = nextGeneration(all(2), firstGeneration(all(1)));
    await scene().datapath.swapTable(SERVICE, generation);
    const asked: number[] = [];
    const services = new Map([[SERVICE, 'web']]);
    const it = new FlowSharing({
      datapath: scene().datapath,
      numbers: () => ({ targets: HERE, services }),
      ages: (service) => {
        asked.push(service);
        return null;
      },
    });
    const [left, right] = duplexPair() as [Duplex, Duplex];
    it.add(left);
    right.resume();
    const older = Buffer.from(JSON.stringify({ targets: [[3, 'x']], services: [] }));
    right.write(encodeFrame(FRAME_KINDS.numbers, older));
    right.write(encodeFrame(FRAME_KINDS.alive, Buffer.alloc(0)));
    await new Promise((resolve) => setImmediate(resolve));
    right.write(encodeFrame(FRAME_KINDS.numbers, encodeNumbers({ targets: new Map(), services: new Map() })));
    for (let turns = 0; turns < 20; turns++) await new Promise((resolve) => setImmediate(resolve));
    assert.deepEqual([asked, it.peers], [[], 1]);
    left.destroy();
    right.destroy();
  });

  test('a node that joins with another table keeps the previous targets, of which nothing is written down', () => {
    const theirs = nextGeneration(all(2), firstGeneration(all(1)));
    assert.equal(joinGeneration(all(3), theirs)[0], ((1 << 16) | 0x8000 | 3) >>> 0);
  });

  test('a flow that is written down here is not changed by others, only kept alive', async () => {
    await scene().useTargets(2, 1);
    goesTo(scene(), '20', 'S', 1900);
    goesTo(scene(), '20', 'A', 1900);
    const [record] = [...scene().datapath.flowRecords(10_000)]
      .flat()
      .filter(({ key }) => key.readUInt16BE(32) === 1900);
    assert.equal(scene().datapath.rememberFlow({ key: record!.key, target: 1, idleSeconds: 0 }), false);
    goesTo(scene(), '20', 'A', 1900);
    const listed = [...scene().datapath.flows()].find(({ clientPort }) => clientPort === 1900);
    const { client, vip, vipPort, protocol, target, state } = listed!;
    assert.deepEqual([client, vip, vipPort, protocol, target, state], [CLIENT, VIP, 80, 'tcp', 2, 'established']);
  });

  test('what others tell of a flow makes it younger, never older, and nobody keeps a dead one alive', () => {
    const key = Buffer.alloc(40, 7);
    const idle = () => [...scene().datapath.flowRecords(10_000)].flat().find((one) => one.key.equals(key))!.idleSeconds;
    assert.equal(scene().datapath.rememberFlow({ key, target: 2, idleSeconds: 300 }), true);
    assert.ok(idle() >= 300);
    scene().datapath.rememberFlow({ key, target: 2, idleSeconds: 500 });
    assert.ok(idle() >= 300 && idle() < 500);
    scene().datapath.rememberFlow({ key, target: 2, idleSeconds: 100 });
    assert.ok(idle() >= 100 && idle() < 300);
  });

  test('flows to a target that is not known yet wait for it', async () => {
    let numbers: Numbers = { targets: new Map(), services: new Map() };
    const it = new FlowSharing({ datapath: scene().datapath, numbers: () => numbers });
    const [left, right] = duplexPair() as [Duplex, Duplex];
    it.add(left);
    right.resume();
    right.write(
      encodeFrame(FRAME_KINDS.numbers, encodeNumbers({ targets: new Map([[3, 'new']]), services: new Map() })),
    );
    const key = Buffer.alloc(40, 9);
    right.write(encodeFrame(FRAME_KINDS.flows, encodeFlows([{ key, target: 3, idleSeconds: 0 }])));
    right.write(encodeFrame(FRAME_KINDS.told, Buffer.alloc(0)));
    await until('the frames are read', () => right.writableLength === 0);
    await new Promise((resolve) => setImmediate(resolve));
    assert.equal(it.learnt, 0);
    numbers = { targets: new Map([[1, 'new']]), services: new Map() };
    it.renumbered();
    assert.equal(it.learnt, 1);
    const found = [...scene().datapath.flowRecords(10_000)].flat().find((one) => one.key.equals(key));
    assert.equal(found!.target, 1);
    left.destroy();
    await until('the peer is gone', () => it.peers === 0);
  });

  test('a peer that does not read is given up, and the others are told all the same', async () => {
    let numbers: Numbers = { targets: new Map(), services: new Map() };
    const lost: string[] = [];
    const it = new FlowSharing({
      datapath: scene().datapath,
      numbers: () => numbers,
      onLost: (_peer, reason) => lost.push(reason.message),
    });
    const [deaf] = duplexPair() as [Duplex, Duplex];
    const [left, right] = duplexPair() as [Duplex, Duplex];
    let heard = 0;
    right.on('data', (bytes: Buffer) => {
      heard += bytes.length;
    });
    it.add(deaf);
    it.add(left);
    for (let round = 0; lost.length === 0; round++) {
      assert.ok(round < 20, 'unread bytes have a bound');
      const name = (index: number) => `${round} ${index} ${'x'.repeat(150)}`;
      numbers = { targets: new Map(Array.from({ length: 10_000 }, (_, i) => [i + 1, name(i)])), services: new Map() };
      const before = heard;
      it.renumbered();
      await until('the other one is told', () => heard >= before + 1_500_000);
    }
    assert.match(lost[0]!, /unread/);
    assert.equal(it.peers, 1);
    left.destroy();
    await until('the peer is gone', () => it.peers === 0);
  });

  test('once it is closed, nothing is asked of the kernel, whatever still comes from peers', async () => {
    const asked: string[] = [];
    const datapath = new Proxy(scene().datapath, {
      get(target, name) {
        asked.push(String(name));
        const value: unknown = Reflect.get(target, name, target);
        return typeof value === 'function' ? value.bind(target) : value;
      },
    });
    const it = new FlowSharing({ datapath, numbers: () => ({ targets: HERE, services: new Map([[SERVICE, 'web']]) }) });
    const [left, right] = duplexPair() as [Duplex, Duplex];
    it.add(left);
    right.resume();
    const closed = once(left, 'close');
    asked.length = 0;
    it.close();
    right.write(encodeFrame(FRAME_KINDS.told, Buffer.alloc(0)));
    await closed;
    await new Promise((resolve) => setImmediate(resolve));
    assert.deepEqual(asked, []);
  });

  test('a peer that makes no sense is given up', async () => {
    for (const [said, reason] of [
      [encodeFrame(FRAME_KINDS.flows, Buffer.alloc(46)), /without having named/],
      [encodeFrame(FRAME_KINDS.numbers, Buffer.from('{}')), /no list/],
      [encodeFrame(FRAME_KINDS.numbers, Buffer.from('{')), /JSON/],
      [Buffer.alloc(5, 0xff), /at most/],
    ] as const) {
      const { it, lost } = sharing(scene(), HERE);
      const [left, right] = duplexPair() as [Duplex, Duplex];
      it.add(left);
      right.resume();
      right.write(said);
      await once(left, 'close');
      assert.match(lost[0]!, reason);
      assert.equal(it.peers, 0);
    }
  });

  test('the news have an end: the oldest make room', () => {
    scene().datapath.shareFlows(true);
    for (let port = 2000; port < 2010; port++) goesTo(scene(), '20', 'S', port);
    const ports = scene()
      .datapath.takeNews(4)
      .map(({ key }) => key.readUInt16BE(32));
    assert.deepEqual(ports, [2000, 2001, 2002, 2003]);
    for (let port = 3000; port < 3064; port++) scene().run(packet().ip(CLIENT, VIP).tcp(port, 80, 'S').frame());
    const rest = scene().datapath.takeNews(100);
    assert.equal(rest.length, 64);
    assert.equal(rest[0]!.key.readUInt16BE(32), 3000);
    scene().datapath.shareFlows(false);
  });
});

class Disposable {
  readonly scene: Scene;
  constructor(scene: Scene) {
    this.scene = scene;
  }
  [Symbol.dispose](): void {
    this.scene.object.close();
  }
}
