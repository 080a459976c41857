import assert from 'node:assert/strict';
import { test } from 'node:test';
import { packet } from '@evenkeel/testbed/packets/packet.ts';
import { bothEntryPoints, CLIENT, CLIENT6, type Scene, TARGET6, VIP, VIP6 } from './scene.ts';

const [OLD, NEW, OLD6, NEW6] = [1, 2, 3, 4];
const SIX = 9;
const SECONDS = 60;
const address = (number: number) => (number > NEW ? `${TARGET6.slice(0, -2)}${number}` : `192.0.2.${number}`);

async function prepare(scene: Scene): Promise<void> {
  const { datapath } = scene;
  datapath.addVip(VIP);
  for (const number of [OLD, NEW, OLD6, NEW6]) {
    datapath.setTarget(number, scene.target({ address: address(number) }));
  }
  const keeps = scene.listener({ affinity: 'source', persistence: SECONDS });
  for (const protocol of ['tcp', 'udp'] as const) {
    for (const port of [80, 81]) datapath.setListener({ address: VIP, port, protocol }, keeps);
    datapath.setListener({ address: VIP6, port: 80, protocol }, { ...keeps, service: SIX });
  }
  await scene.useTargets(OLD);
  await scene.useTargets(OLD6, OLD6, SIX);
}

bothEntryPoints('clients that are kept at a target for a time', prepare, (scene) => {
  const meets = (number: number, client: string, port: number, flags: string, vipPort = 80) => {
    const vip = number > NEW ? VIP6 : VIP;
    scene().expect(
      packet().ip(client, vip).tcp(port, vipPort, flags),
      'kernel',
      packet().ip(client, address(number)).tcp(port, vipPort, flags),
    );
  };
  const sends = (number: number, client: string, port: number) =>
    scene().expect(
      packet().ip(client, VIP).udp(port, 80).payload('x'),
      'kernel',
      packet().ip(client, address(number)).udp(port, 80).payload('x'),
    );
  const visits = () => scene().object.map('visits');
  /** Of the only visitor, or all of them. */
  const wait = (seconds: number) => {
    for (const key of [...visits().keys()]) {
      const visit = visits().get(key)!;
      visit.writeUInt32LE(visit.readUInt32LE(4) - seconds, 4);
      visits().set(key, visit);
    }
  };

  test('the table has changed: who was there lately goes to the old target, whatever the port; others to the new one', async () => {
    meets(OLD, CLIENT, 40_000, 'S');
    await scene().useTargets(NEW, OLD);
    meets(OLD, CLIENT, 40_001, 'S');
    meets(OLD, CLIENT, 40_001, 'A');
    meets(OLD, CLIENT, 40_002, 'S', 81);
    meets(NEW, '198.51.100.8', 40_000, 'S');
    meets(NEW, '198.51.100.8', 40_001, 'S');
  });

  test('the table has settled: clients and their flows stay', async () => {
    await scene().useTargets(NEW);
    meets(OLD, CLIENT, 40_001, 'A');
    meets(OLD, CLIENT, 40_003, 'S');
    meets(OLD, CLIENT, 40_003, 'A');
    meets(NEW, '198.51.100.8', 40_002, 'S');
  });

  test('the end of a flow counts as well as its beginning', () => {
    wait(SECONDS - 10);
    meets(OLD, CLIENT, 40_003, 'FA');
    wait(SECONDS - 10);
    meets(OLD, CLIENT, 40_004, 'S');
  });

  test('after the time the table decides; flows that are open stay where they are', () => {
    wait(SECONDS + 1);
    meets(NEW, CLIENT, 40_005, 'S');
    meets(NEW, CLIENT, 40_006, 'S');
    meets(OLD, CLIENT, 40_004, 'A');
    meets(NEW, CLIENT, 40_005, 'A');
  });

  test('datagrams: each is a visit', async () => {
    const client = '198.51.100.9';
    await scene().useTargets(OLD);
    sends(OLD, client, 50_000);
    await scene().useTargets(NEW);
    for (let pause = 0; pause < 3; pause++) {
      wait(SECONDS - 10);
      sends(OLD, client, 50_000);
    }
    sends(OLD, client, 50_001);
    wait(SECONDS + 1);
    sends(NEW, client, 50_002);
  });

  test('a target that is closed keeps its flows and gets no new ones; one that is gone keeps nothing', async () => {
    const { datapath } = scene();
    const client = '198.51.100.10';
    await scene().useTargets(OLD);
    meets(OLD, client, 40_000, 'S');
    await scene().useTargets(NEW, OLD);
    datapath.setTarget(OLD, scene().target({ address: address(OLD), closed: true }));
    meets(OLD, client, 40_000, 'A');
    meets(NEW, client, 40_001, 'S');
    datapath.setTarget(OLD, scene().target({ address: address(OLD), gone: true }));
    meets(NEW, client, 40_000, 'A');
    datapath.setTarget(OLD, scene().target({ address: address(OLD) }));
  });

  test('IPv6, and services apart from each other', async () => {
    meets(OLD6, CLIENT6, 40_000, 'S');
    await scene().useTargets(NEW6, OLD6, SIX);
    meets(OLD6, CLIENT6, 40_001, 'S');
    meets(NEW6, '2001:db8:c::8', 40_001, 'S');
  });

  test('an error about a flow follows it, and makes no visit', async () => {
    const before = [...visits().entries()].length;
    const client = '198.51.100.11';
    const quoted = packet().ip(VIP, client).udp(80, 40_000).payload(8).quote();
    const steer = () => void scene().run(packet().ip('198.51.100.1', VIP).icmp(3, 3).payload(quoted).frame());
    assert.deepEqual(scene().outcomesOf(steer), { icmp_steered: 1n });
    assert.equal([...visits().entries()].length, before);
  });

  test('where a number is to be another target’s, clients, flows and news of the former one are struck out', async () => {
    const { datapath } = scene();
    const [gone, stays] = ['198.51.100.12', '198.51.100.13'];
    datapath.shareFlows(true);
    await scene().useTargets(OLD);
    meets(OLD, gone, 40_000, 'S');
    await scene().useTargets(NEW);
    meets(OLD, gone, 40_001, 'S'); // written down, and told
    meets(NEW, stays, 40_000, 'S');
    await scene().useTargets(NEW, OLD);
    meets(NEW, stays, 40_001, 'S');
    await scene().useTargets(NEW);
    assert.notEqual(await datapath.forgetTargets(new Set([OLD])), 0);
    const named = [...datapath.flows()].map(({ target }) => target);
    assert.deepEqual([named.includes(OLD), named.includes(NEW)], [false, true]);
    assert.deepEqual([...new Set(datapath.takeNews(10).map(({ target }) => target))], [NEW]);
    datapath.shareFlows(false);
    meets(NEW, gone, 40_002, 'S');
    meets(NEW, stays, 40_002, 'S');
  });
});
