import assert from 'node:assert/strict';
import { test } from 'node:test';
import { packet } from '@evenkeel/testbed/packets/packet.ts';
import { addressBytes } from '../src/datapath/address.ts';
import { bothEntryPoints, CLIENT, NODE, type Scene, TARGET, VIP } from './scene.ts';

const OTHER = '192.0.2.20';
const [SERVICE, OTHER_SERVICE] = [3, 4];
const ENDPOINT = { address: VIP, port: 80, protocol: 'tcp' } as const;
const RANGE = { ...ENDPOINT, port: 64, lastPort: 127 };
/** More than a CPU remembers. */
const PORTS = 600;

async function prepare(scene: Scene): Promise<void> {
  const { datapath } = scene;
  datapath.addVip(VIP);
  datapath.setTarget(1, scene.target());
  datapath.setTarget(2, scene.target({ address: OTHER }));
  await scene.useTargets(1, 1, SERVICE);
  await scene.useTargets(2, 2, OTHER_SERVICE);
}

bothEntryPoints('what programs remember of listeners', prepare, (scene) => {
  const given = () => packet().ip(CLIENT, VIP).tcp(1, 80);
  const goesTo = (target: string) => {
    // The first packet finds it, the second one remembers.
    for (let i = 0; i < 2; i++) scene().expect(given(), 'kernel', packet().ip(CLIENT, target).tcp(1, 80));
  };
  const isLeft = () => {
    for (let i = 0; i < 2; i++) scene().expect(given(), 'notOurs');
  };

  test('the next packet after a change meets what is there then, of ports and of ranges', () => {
    const { datapath } = scene();
    const [one, other] = [scene().listener({ service: SERVICE }), scene().listener({ service: OTHER_SERVICE })];
    isLeft();
    datapath.setListener(ENDPOINT, one);
    goesTo(TARGET);
    datapath.setListener(ENDPOINT, other);
    goesTo(OTHER);
    datapath.removeListener(ENDPOINT);
    isLeft();
    datapath.setListenerRange(RANGE, one);
    goesTo(TARGET);
    datapath.setListener(ENDPOINT, other);
    goesTo(OTHER);
    datapath.removeListener(ENDPOINT);
    goesTo(TARGET);
    datapath.removeListenerRange(RANGE);
    isLeft();
  });

  test('what another process has changed is met as soon as it is told', () => {
    const { datapath, object } = scene();
    datapath.setListener(ENDPOINT, scene().listener({ service: SERVICE }));
    goesTo(TARGET);
    const listeners = object.map('listeners');
    const [key] = [...listeners.keys()];
    const value = listeners.get(key!)!;
    value.writeUInt32LE(OTHER_SERVICE, 4);
    listeners.set(key!, value);
    datapath.renew();
    goesTo(OTHER);
    datapath.removeListener(ENDPOINT);
  });

  test('of more listeners than are remembered each gets its own packets, TCP and UDP apart', () => {
    const { datapath } = scene();
    const service = (port: number) => (port % 3 === 0 ? SERVICE : OTHER_SERVICE);
    for (let port = 1; port <= PORTS; port++) {
      for (const protocol of ['tcp', 'udp'] as const) {
        const settings = scene().listener({ service: service(protocol === 'tcp' ? port : port + 1) });
        datapath.setListener({ address: VIP, port, protocol }, settings);
      }
    }
    const at = (port: number) => (service(port) === SERVICE ? TARGET : OTHER);
    for (let time = 0; time < 2; time++) {
      for (let port = 1; port <= PORTS; port++) {
        const { frame } = scene().run(packet().ip(CLIENT, VIP).tcp(1, port).frame());
        assert.ok(frame.equals(packet().ip(CLIENT, at(port)).tcp(1, port).frame()), `tcp ${port}`);
        const datagram = scene().run(packet().ip(CLIENT, VIP).udp(1, port).frame());
        assert.ok(
          datagram.frame.equals(
            packet()
              .ip(CLIENT, at(port + 1))
              .udp(1, port)
              .frame(),
          ),
          `udp ${port}`,
        );
      }
    }
    for (let port = 1; port <= PORTS; port++) {
      for (const protocol of ['tcp', 'udp'] as const) datapath.removeListener({ address: VIP, port, protocol });
    }
  });

  test('clients are known as no VIP, until they become one; what is known of them as sources is another matter', () => {
    const { datapath } = scene();
    const endpoint = { address: TARGET, port: 8080, protocol: 'tcp' } as const;
    datapath.setTarget(3, scene().target({ port: 8080 }));
    datapath.setListener(ENDPOINT, scene().listener({ service: OTHER_SERVICE }));
    datapath.setOrigin(endpoint, { vip: VIP, port: 80, listener: 5 });
    const answer = (port: number) => {
      const returned = packet().ip(VIP, CLIENT).tcp(80, port, 'SA');
      scene().expect(packet().ip(TARGET, CLIENT).tcp(8080, port, 'SA'), 'kernel', returned);
    };
    for (let port = 1; port <= 3; port++) answer(port);
    datapath.setSource(CLIENT, 'denied');
    for (let time = 0; time < 2; time++) {
      scene().expect(given(), 'drop');
      answer(4);
    }
    datapath.setSource(CLIENT, null);
    goesTo(OTHER);
    answer(5);
    goesTo(OTHER);
    // A client's address that is balanced from now on.
    const own = { address: CLIENT, port: 5, protocol: 'tcp' } as const;
    datapath.addVip(CLIENT);
    datapath.setListener(own, scene().listener({ service: OTHER_SERVICE }));
    scene().expect(packet().ip(TARGET, CLIENT).tcp(8080, 5), 'kernel', packet().ip(TARGET, OTHER).tcp(8080, 5));
    answer(6);
    scene().expect(packet().ip(TARGET, CLIENT).tcp(8080, 5), 'kernel', packet().ip(TARGET, OTHER).tcp(8080, 5));
    datapath.removeListener(own);
    datapath.removeVip(CLIENT);
    answer(5);
    datapath.removeListener(ENDPOINT);
    datapath.removeOrigin(endpoint);
  });

  test('a port of a VIP that nobody listens on hides no other one', () => {
    const { datapath } = scene();
    datapath.setListener(ENDPOINT, scene().listener({ service: SERVICE }));
    scene().expect(packet().ip(CLIENT, VIP).tcp(1, 81), 'notOurs');
    goesTo(TARGET);
    datapath.removeListener(ENDPOINT);
  });

  test('ports of the node itself, of which clients choose as many as they like, are not remembered', () => {
    const { datapath, object } = scene();
    const own = { address: NODE, port: 0, lastPort: 65_535, protocol: 'tcp' } as const;
    datapath.setListener(ENDPOINT, scene().listener({ service: SERVICE }));
    datapath.setListenerRange(own, scene().listener({ number: 6, service: 0, isNode: true }));
    goesTo(TARGET);
    for (let port = 1; port <= PORTS; port++) scene().expect(packet().ip(TARGET, NODE).tcp(80, port), 'notOurs');
    const memory = object.map('recent_listeners');
    const endpoints = [...memory.keys()].flatMap((place) => memory.getPerCpu(place)!);
    const isRemembered = (address: string) => endpoints.some((bytes) => bytes.indexOf(addressBytes(address)) === 0);
    assert.deepEqual([isRemembered(VIP), isRemembered(NODE)], [true, false]);
    datapath.removeListener(ENDPOINT);
    datapath.removeListenerRange(own);
  });
});
