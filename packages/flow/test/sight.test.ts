import assert from 'node:assert/strict';
import { test } from 'node:test';
import { packet } from '@evenkeel/testbed/packets/packet.ts';
import { estimateFlows } from '../src/datapath/flow-estimate.ts';
import { hashFlow } from '../src/datapath/flow-hash.ts';
import { flowOf } from '../src/datapath/flow-record.ts';
import { FlowSight, secondsNow } from '../src/datapath/flow-sight.ts';
import { type FlowSample, rateOf, type Talker } from '../src/datapath/sampled-flow.ts';
import { bothEntryPoints, CLIENT, LISTENER, NEXT_HOP, NODE, type Scene, SEED, TARGET, VIP } from './scene.ts';

const TARGET_NUMBER = 1;
/** Without a next hop, which L2 forwarding needs. */
const LOST = 2;

async function prepare(scene: Scene): Promise<void> {
  const { datapath } = scene;
  datapath.setTarget(TARGET_NUMBER, scene.target({ nextHop: NEXT_HOP, tunnelSource: NODE }));
  datapath.setTarget(LOST, scene.target());
  await scene.useTargets(TARGET_NUMBER);
  await scene.useTargets(LOST, LOST, 9);
  for (const protocol of ['tcp', 'udp'] as const) {
    datapath.setListener({ address: VIP, port: 80, protocol }, scene.listener({ mode: 'l2' }));
    datapath.setListener({ address: VIP, port: 81, protocol }, scene.listener({ number: LISTENER + 1 }));
    datapath.setListener(
      { address: VIP, port: 82, protocol },
      scene.listener({ number: LISTENER + 2, mode: 'l2', service: 9 }),
    );
    const origin = { vip: VIP, port: 81, listener: LISTENER + 1, target: TARGET_NUMBER };
    datapath.setOrigin({ address: TARGET, port: 81, protocol }, origin);
  }
}

const samplesOf = (sight: FlowSight, listener = LISTENER): FlowSample[] =>
  [...sight.samples()].flat().filter((sample) => sample.listener === listener);
const talkersOf = (sight: FlowSight): Talker[] => [...sight.talkers()].flat();

bothEntryPoints('counters', prepare, (scene) => {
  test('what is dropped on the way to a target counts for it and for the listener, by reason', () => {
    const sight = new FlowSight(scene().object);
    scene().expect(packet().ip(CLIENT, VIP).tcp(1, 82), 'drop');
    scene().expect(packet().ip(CLIENT, VIP).tcp(2, 82), 'drop');
    const { listeners, targets } = sight.drops();
    assert.deepEqual(listeners.get(LISTENER + 2), { no_next_hop: 2n });
    assert.deepEqual(targets.get(LOST), { no_next_hop: 2n });
    assert.equal(scene().datapath.listenerTraffic(LISTENER + 2).drops, 2n);
    assert.equal(scene().datapath.targetTraffic(LOST).drops, 2n);
  });

  test('what no target was chosen for counts for the listener alone', async () => {
    const sight = new FlowSight(scene().object);
    scene().datapath.setListener(
      { address: VIP, port: 83, protocol: 'tcp' },
      scene().listener({ number: 9, service: 77 }),
    );
    scene().expect(packet().ip(CLIENT, VIP).tcp(1, 83), 'drop');
    const { listeners, targets } = sight.drops();
    assert.deepEqual(listeners.get(9), { no_table: 1n });
    assert.equal(
      [...targets.values()].some((drops) => 'no_table' in drops),
      false,
    );
  });

  test('answers of a target count for it and for the listener', () => {
    const { datapath } = scene();
    const before = [datapath.listenerTraffic(LISTENER + 1), datapath.targetTraffic(TARGET_NUMBER)];
    const answer = packet().ip(TARGET, CLIENT).tcp(81, 40_000).payload(100);
    scene().expect(answer, 'kernel', packet().ip(VIP, CLIENT).tcp(81, 40_000).payload(100));
    const after = [datapath.listenerTraffic(LISTENER + 1), datapath.targetTraffic(TARGET_NUMBER)];
    for (const [index, { answers, answerBytes, packets }] of after.entries()) {
      assert.equal(answers - before[index]!.answers, 1n);
      assert.equal(answerBytes - before[index]!.answerBytes, BigInt(answer.frame().length));
      assert.equal(packets, before[index]!.packets);
    }
  });

  test('counts of a number that is another listener from now on begin anew', () => {
    const sight = new FlowSight(scene().object);
    sight.resetCounts([LISTENER + 2], []);
    assert.equal(sight.drops().listeners.has(LISTENER + 2), false);
    assert.deepEqual(sight.drops().targets.get(LOST), { no_next_hop: 2n });
    assert.equal(scene().datapath.listenerTraffic(LISTENER + 2).drops, 0n);
    sight.resetCounts([], [LOST]);
    assert.equal(sight.drops().targets.has(LOST), false);
    assert.equal(scene().datapath.targetTraffic(LOST).drops, 0n);
  });
});

bothEntryPoints('the sample of flows', prepare, (scene) => {
  const send = (port: number, flags: string, source = CLIENT) =>
    scene().run(packet().ip(source, VIP).tcp(port, 80, flags).payload(10).frame());
  const stateOf = (sight: FlowSight, port: number) =>
    samplesOf(sight).find(({ key }) => flowOf(key).clientPort === port)?.state;

  test('without a share, no flow is in it', () => {
    send(1, 'S');
    assert.deepEqual(samplesOf(new FlowSight(scene().object)), []);
  });

  test('a connection begins, is established, and ends', () => {
    const sight = new FlowSight(scene().object);
    sight.setSampling(LISTENER, 1);
    assert.equal(sight.sampling(LISTENER), 1);
    send(2, 'S');
    assert.equal(stateOf(sight, 2), 'opening');
    send(2, 'A');
    assert.equal(stateOf(sight, 2), 'established');
    send(2, 'FA');
    send(2, 'A');
    assert.equal(stateOf(sight, 2), 'closing');
    const [flow] = samplesOf(sight);
    const { packets, bytes, target, seen, since } = flow!;
    const frame = packet().ip(CLIENT, VIP).tcp(2, 80).payload(10).frame();
    assert.deepEqual([packets, bytes, target], [4, 4 * frame.length, TARGET_NUMBER]);
    assert.ok(secondsNow() - seen <= 60 && since <= seen);
    assert.deepEqual(flowOf(flow!.key).client, CLIENT);
  });

  test('a SYN after the end is another connection; the end of one that nobody has seen is none', () => {
    const sight = new FlowSight(scene().object);
    send(2, 'S');
    assert.equal(stateOf(sight, 2), 'opening');
    assert.equal(samplesOf(sight)[0]!.packets, 1);
    send(3, 'FA');
    send(4, 'R');
    assert.equal(stateOf(sight, 3), undefined);
    assert.equal(stateOf(sight, 4), undefined);
  });

  test('flows of UDP are counted when they come into the sample, each for as many as the share stands for', () => {
    const sight = new FlowSight(scene().object);
    const before = scene().datapath.listenerTraffic(LISTENER).flows;
    for (const port of [10, 11, 10, 11]) scene().run(packet().ip(CLIENT, VIP).udp(port, 80).payload(10).frame());
    assert.equal(scene().datapath.listenerTraffic(LISTENER).flows - before, 2n);
    sight.setSampling(LISTENER, 4);
    const flows = Array.from({ length: 40 }, (_, i) => 1000 + i);
    const isIn = (port: number) =>
      (hashFlow({ client: CLIENT, clientPort: port, vip: VIP, vipPort: 80, protocol: 'udp' }, SEED) & 3) === 0;
    for (const port of flows) scene().run(packet().ip(CLIENT, VIP).udp(port, 80).payload(10).frame());
    const expected = 4 * flows.filter(isIn).length;
    assert.ok(expected > 0);
    assert.equal(scene().datapath.listenerTraffic(LISTENER).flows - before, BigInt(2 + expected));
    assert.equal(scene().datapath.targetTraffic(TARGET_NUMBER).flows >= BigInt(expected), true);
  });

  test('an ICMP error about a flow is none of its packets', () => {
    const sight = new FlowSight(scene().object);
    sight.setSampling(LISTENER, 1);
    const before = samplesOf(sight).length;
    const quoted = packet().ip(VIP, CLIENT).tcp(80, 4711).quote();
    const packets = scene().datapath.listenerTraffic(LISTENER).packets;
    scene().run(packet().ip('198.51.100.1', VIP).icmp(3, 1).payload(quoted).frame());
    assert.equal(samplesOf(sight).length, before);
    assert.equal(scene().datapath.listenerTraffic(LISTENER).packets, packets);
  });

  test('in a second, no more flows come in than there is a budget for', () => {
    const sight = new FlowSight(scene().object);
    const budgets = scene().object.map('budgets');
    for (;;) {
      const now = secondsNow();
      budgets.setPerCpu(Buffer.alloc(4), spentBudgets(now));
      send(5000, 'S');
      if (secondsNow() !== now) continue;
      assert.equal(stateOf(sight, 5000), undefined);
      break;
    }
    budgets.setPerCpu(Buffer.alloc(4), Buffer.alloc(16));
    send(5000, 'S');
    assert.equal(stateOf(sight, 5000), 'opening');
  });

  for (const oneIn of [8, 64]) {
    test(`with one flow in ${oneIn} of 12,000 in the sample, their number is told within the error`, () => {
      const sight = new FlowSight(scene().object);
      for (const { key } of samplesOf(sight)) sight.forgetSample(key);
      sight.setSampling(LISTENER, oneIn);
      const flows = 12_000;
      for (let i = 0; i < flows; i++) send(1 + (i % 60_000), 'A', `10.${oneIn}.${i >> 8}.${i & 255}`);
      const { flows: estimated, error } = estimateFlows(samplesOf(sight).length, oneIn);
      assert.ok(error > 0 && error < flows / 3, `± ${error}`);
      assert.ok(Math.abs(estimated - flows) <= error, `${estimated} ± ${error} of ${flows}`);
    });
  }
});

/** A value of `budgets` in which the sample of this second is full. */
function spentBudgets(second: number): Buffer {
  const bytes = Buffer.alloc(16);
  bytes.writeUInt32LE(second, 8);
  bytes.writeUInt32LE(0xffff_ffff, 12);
  return bytes;
}

bothEntryPoints('packets that are drawn', prepare, (scene) => {
  const sendMany = (port: number, times: number) => {
    scene().run(packet().ip(CLIENT, VIP).udp(port, 80).payload(100).frame(), times);
  };

  test('while there are few, all of them are', () => {
    const sight = new FlowSight(scene().object);
    for (let i = 0; i < 3; i++) sendMany(1, 1);
    const [talker] = talkersOf(sight);
    assert.equal(talker!.packets + talker!.packetsBefore, 3);
    assert.equal(flowOf(talker!.key).clientPort, 1);
    assert.deepEqual([talker!.listener, talker!.target], [LISTENER, TARGET_NUMBER]);
  });

  test('of many, some are, and stand for the others', () => {
    const sight = new FlowSight(scene().object);
    const shares = new Map([
      [2, 300_000],
      [3, 100_000],
      [4, 20_000],
    ]);
    // In turns, as they would come from a network.
    for (let turn = 0; turn < 20; turn++) for (const [port, packets] of shares) sendMany(port, packets / 20);
    const talkers = new Map(talkersOf(sight).map((talker) => [flowOf(talker.key).clientPort, talker]));
    const frame = packet().ip(CLIENT, VIP).udp(1, 80).payload(100).frame();
    for (const [port, packets] of shares) {
      const { packets: now, packetsBefore, bytes, bytesBefore } = talkers.get(port)!;
      const estimated = now + packetsBefore;
      assert.equal(bytes + bytesBefore, estimated * frame.length);
      assert.ok(estimated > packets / 2 && estimated < packets * 2, `${port}: ${estimated} of ${packets}`);
    }
  });

  test('a rate is over this window and the one before; what is older is none', () => {
    const talker = { window: 100, packets: 160, bytes: 1600, packetsBefore: 320, bytesBefore: 3200 } as Talker;
    assert.deepEqual(rateOf(talker, 1608), { packets: 20, bytes: 200 });
    assert.deepEqual(rateOf(talker, 1616), { packets: 10, bytes: 100 });
    assert.equal(rateOf(talker, 1632), null);
  });
});
