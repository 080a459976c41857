import assert from 'node:assert/strict';
import { test } from 'node:test';
import { packet } from '@evenkeel/testbed/packets/packet.ts';
import { hashFlow, slotOf } from '../src/datapath/flow-hash.ts';
import { bothEntryPoints, CLIENT, CLIENT6, LISTENER, type Scene, SEED, SERVICE, TARGET6, VIP, VIP6 } from './scene.ts';

// That a forecast comes true is asked of every packet of every other test of the programs (`Scene.expect`). Here is what those
// do not say: what the forecast tells beside the fate, that it changes nothing, and limits, whose clock runs on.

const [OLD, NEW, SIX] = [1, 2, 3];
const FLOW = { client: CLIENT, clientPort: 4_000, vip: VIP, vipPort: 80, protocol: 'tcp' } as const;
const HOUR = { perSecond: 1 / 3_600, burst: 1 };

async function prepare(scene: Scene): Promise<void> {
  const { datapath } = scene;
  for (const number of [OLD, NEW]) datapath.setTarget(number, scene.target({ address: `192.0.2.${number}` }));
  datapath.setTarget(SIX, scene.target({ address: TARGET6 }));
  datapath.setListener({ address: VIP, port: 80, protocol: 'tcp' }, scene.listener());
  datapath.setListener({ address: VIP, port: 80, protocol: 'udp' }, scene.listener());
  datapath.setListenerRange({ address: VIP6, port: 90, lastPort: 99, protocol: 'tcp' }, scene.listener({ service: 4 }));
  await scene.useTargets(NEW, OLD);
  await scene.useTargets(SIX, SIX, 4);
}

bothEntryPoints('what is forecast of a flow', prepare, (scene) => {
  const forecast = (changes: object = {}) => scene().forecaster.forecast({ ...FLOW, ...changes });

  test('in a changed slot: both targets, and who gets a connection that begins, or goes on', () => {
    const number = slotOf(hashFlow(FLOW, SEED));
    assert.deepEqual(forecast(), {
      listener: LISTENER,
      service: SERVICE,
      slot: { number, current: NEW, previous: OLD, remembers: true },
      written: null,
      kept: 0,
      opening: { target: NEW, outcome: 'forwarded' },
      following: { target: OLD, outcome: 'forwarded' },
    });
    assert.deepEqual(scene().forecaster.takers(forecast()!), new Set([NEW]));
    assert.deepEqual([scene().datapath.countExceptions(), scene().datapath.listenerTraffic(LISTENER).packets], [0, 0n]);
  });

  test('a flow that is written down, with what is known of it', () => {
    scene().run(packet().ip(CLIENT, VIP).tcp(FLOW.clientPort, 80, 'S').frame());
    scene().run(packet().ip(CLIENT, VIP).tcp(FLOW.clientPort, 80, 'A').frame());
    const { written, following } = forecast()!;
    assert.deepEqual([written?.target, written?.state, written?.isOver], [NEW, 'established', false]);
    assert.deepEqual(following, { target: NEW, outcome: 'forwarded' });
  });

  test('datagrams have one fate; a range of ports has its listener; elsewhere nobody listens', () => {
    const { opening, following } = forecast({ protocol: 'udp' })!;
    assert.deepEqual([opening, following], Array(2).fill({ target: OLD, outcome: 'forwarded' }));
    assert.equal(forecast({ client: CLIENT6, vip: VIP6, vipPort: 95 })?.opening.target, SIX);
    for (const vipPort of [81, 100]) assert.equal(forecast({ vipPort }), null);
  });

  test('limits: the second connection within the time of one is refused, and asking takes nothing from anybody', () => {
    const { datapath } = scene();
    datapath.setLimits(LISTENER, { packets: null, flows: HOUR, syns: null });
    datapath.setListener({ address: VIP, port: 80, protocol: 'tcp' }, scene().listener({ limited: true }));
    const client = '198.51.100.77';
    for (let asked = 0; asked < 2; asked++) assert.equal(forecast({ client })?.opening.outcome, 'forwarded');
    // The clock of the programs moves in steps; the second one within them is still of the burst.
    const syn = (port: number) => scene().run(packet().ip(client, VIP).tcp(port, 80, 'S').frame());
    const refused = () => scene().outcomesOf(() => syn(5_000)).flow_rate === 1n;
    for (let sent = 0; !refused(); sent++) assert.ok(sent < 10, 'the limit is in force');
    assert.deepEqual(forecast({ client })?.opening, { target: 0, outcome: 'flow_rate' });
    assert.equal(forecast({ client })?.following.outcome, 'forwarded');
  });

  test('where programs have the kernel find a next hop that is not known, and where they do not', async () => {
    const { datapath, forecaster } = scene();
    const nextHop = { device: 9, mac: null, ownMac: '02:00:00:00:00:bb' };
    datapath.setTarget(40, scene().target({ tunnelSource: '192.0.2.1', nextHop }));
    datapath.setListener({ address: VIP, port: 140, protocol: 'tcp' }, scene().listener({ service: 40, mode: 'ipip' }));
    await scene().useTargets(40, 40, 40);
    const outcomes = [true, false].map((asks) => {
      return forecaster.where(asks).forecast({ ...FLOW, vipPort: 140 })?.opening.outcome;
    });
    assert.deepEqual(outcomes, ['forwarded', 'no_next_hop']);
    datapath.removeListener({ address: VIP, port: 140, protocol: 'tcp' });
  });

  test('without a table', () => {
    scene().datapath.removeTable(SERVICE);
    assert.deepEqual([forecast()?.slot, forecast()?.opening.outcome], [null, 'no_table']);
  });
});
