import assert from 'node:assert/strict';
import { test } from 'node:test';
import { packet } from '@evenkeel/testbed/packets/packet.ts';
import { hashFlow } from '../src/datapath/flow-hash.ts';
import type { Mode } from '../src/datapath/layout.ts';
import {
  bothEntryPoints,
  CLIENT,
  CLIENT6,
  fromNode,
  NEXT_HOP,
  NODE,
  NODE6,
  type Scene,
  SEED,
  TARGET,
  TARGET6,
  VIP,
  VIP6,
} from './scene.ts';

const PORTS: Record<Exclude<Mode, 'nat'>, number> = { l2: 81, ipip: 82, gue: 83 };
const NEAR = 1;
const ROUTED = 2;
const NEAR6 = 3;
const ROUTED6 = 4;
const ASKED = 5;
const ASKED6 = 6;
/** Services by what their only target is. */
const SERVICES = { near: 1, routed: 2, near6: 3, routed6: 4, asked: 5, asked6: 6 };
/** A next hop whose hardware address is not known. */
const UNKNOWN_HOP = { ...NEXT_HOP, mac: null };

async function prepare(scene: Scene): Promise<void> {
  const { datapath } = scene;
  datapath.setTarget(NEAR, scene.target({ tunnelSource: NODE, nextHop: NEXT_HOP }));
  datapath.setTarget(ROUTED, scene.target({ tunnelSource: NODE }));
  datapath.setTarget(NEAR6, scene.target({ address: TARGET6, tunnelSource: NODE6, nextHop: NEXT_HOP }));
  await scene.useTargets(NEAR, NEAR, SERVICES.near);
  await scene.useTargets(ROUTED, ROUTED, SERVICES.routed);
  datapath.setTarget(ROUTED6, scene.target({ address: TARGET6, tunnelSource: NODE6 }));
  datapath.setTarget(ASKED, scene.target({ tunnelSource: NODE, nextHop: UNKNOWN_HOP }));
  datapath.setTarget(ASKED6, scene.target({ address: TARGET6, tunnelSource: NODE6, nextHop: UNKNOWN_HOP }));
  await scene.useTargets(NEAR6, NEAR6, SERVICES.near6);
  await scene.useTargets(ROUTED6, ROUTED6, SERVICES.routed6);
  await scene.useTargets(ASKED, ASKED, SERVICES.asked);
  await scene.useTargets(ASKED6, ASKED6, SERVICES.asked6);
}

function listen(scene: Scene, mode: Exclude<Mode, 'nat'>, service: number): void {
  for (const address of [VIP, VIP6]) {
    for (const protocol of ['tcp', 'udp'] as const) {
      scene.datapath.setListener({ address, port: PORTS[mode], protocol }, scene.listener({ mode, service }));
    }
  }
}

const clientPacket = (port: number) => packet().ip(CLIENT, VIP).tcp(40_000, port).payload(99);
const clientPacket6 = (port: number) => packet().ip(CLIENT6, VIP6).udp(40_000, port).payload(99);

bothEntryPoints('L2 direct return', prepare, (scene) => {
  test('nothing but the MAC addresses changes', () => {
    listen(scene(), 'l2', SERVICES.near);
    const { l2 } = PORTS;
    scene().expect(clientPacket(l2), 'redirect', clientPacket(l2).ethernet(NEXT_HOP.mac, NEXT_HOP.ownMac));
    scene().expect(clientPacket6(l2), 'redirect', clientPacket6(l2).ethernet(NEXT_HOP.mac, NEXT_HOP.ownMac));
  });

  test('a target without a known next hop gets nothing', () => {
    listen(scene(), 'l2', SERVICES.routed);
    const run = () => scene().expect(clientPacket(PORTS.l2), 'drop');
    assert.deepEqual(scene().outcomesOf(run), { no_next_hop: 1n });
  });
});

bothEntryPoints('IP in IP', prepare, (scene, program) => {
  const { ipip } = PORTS;

  test('IPv4 in IPv4, sent from here', () => {
    listen(scene(), 'ipip', SERVICES.near);
    const expected = fromNode().ip(NODE, TARGET).ip(CLIENT, VIP).tcp(40_000, ipip).payload(99);
    scene().expect(clientPacket(ipip), 'redirect', expected);
  });

  test('IPv6 in IPv4', () => {
    const expected = fromNode().ip(NODE, TARGET).ip(CLIENT6, VIP6).udp(40_000, ipip).payload(99);
    scene().expect(clientPacket6(ipip), 'redirect', expected);
  });

  const labelled = () => {
    const hash = hashFlow({ client: CLIENT, clientPort: 40_000, vip: VIP, vipPort: ipip, protocol: 'tcp' }, SEED);
    return { flowLabel: hash & 0xfffff };
  };

  test('over IPv6 without a next hop the kernel routes: the frame stays addressed to this node', () => {
    listen(scene(), 'ipip', SERVICES.routed6);
    const expected = packet().ip(NODE6, TARGET6, labelled()).ip(CLIENT, VIP).tcp(40_000, ipip).payload(99);
    scene().expect(clientPacket(ipip), 'kernel', expected);
  });

  test('over IPv4 without a next hop nothing is sent: the kernel would take it for forged, and not say so', () => {
    listen(scene(), 'ipip', SERVICES.routed);
    const run = () => {
      scene().expect(clientPacket(ipip), 'drop');
      scene().expect(clientPacket6(ipip), 'drop');
    };
    assert.deepEqual(scene().outcomesOf(run), { no_next_hop: 2n });
  });

  test('a next hop without a known hardware address: tcx has the kernel ask; at XDP IPv4 is dropped, IPv6 routed', () => {
    const isTcx = program === 'tcx';
    const nobody = '00:00:00:00:00:00';
    listen(scene(), 'ipip', SERVICES.asked6);
    const six = isTcx ? packet().ethernet(nobody, nobody) : packet();
    const expected6 = six.ip(NODE6, TARGET6, labelled()).ip(CLIENT, VIP).tcp(40_000, ipip).payload(99);
    scene().expect(clientPacket(ipip), isTcx ? 'redirect' : 'kernel', expected6);
    listen(scene(), 'ipip', SERVICES.asked);
    const expected = packet().ethernet(nobody, nobody).ip(NODE, TARGET).ip(CLIENT, VIP).tcp(40_000, ipip).payload(99);
    const run = () => {
      if (isTcx) scene().expect(clientPacket(ipip), 'redirect', expected);
      else scene().expect(clientPacket(ipip), 'drop');
    };
    assert.deepEqual(scene().outcomesOf(run), isTcx ? {} : { no_next_hop: 1n });
  });

  test('IPv4 and IPv6 in IPv6, with the hash of the flow as label', () => {
    listen(scene(), 'ipip', SERVICES.near6);
    const hash = hashFlow({ client: CLIENT, clientPort: 40_000, vip: VIP, vipPort: ipip, protocol: 'tcp' }, SEED);
    const options = { flowLabel: hash & 0xfffff };
    const expected = fromNode().ip(NODE6, TARGET6, options).ip(CLIENT, VIP).tcp(40_000, ipip).payload(99);
    scene().expect(clientPacket(ipip), 'redirect', expected);

    const hash6 = hashFlow({ client: CLIENT6, clientPort: 40_000, vip: VIP6, vipPort: ipip, protocol: 'udp' }, SEED);
    const options6 = { flowLabel: hash6 & 0xfffff };
    const expected6 = fromNode().ip(NODE6, TARGET6, options6).ip(CLIENT6, VIP6).udp(40_000, ipip).payload(99);
    scene().expect(clientPacket6(ipip), 'redirect', expected6);
  });

  test('padding of a short frame is no part of the inner packet', () => {
    listen(scene(), 'ipip', SERVICES.near);
    const frame = packet().ip(CLIENT, VIP).tcp(40_000, ipip).frame();
    assert.ok(frame.length < 60);
    const outer = scene().run(Buffer.concat([frame, Buffer.alloc(60 - frame.length)])).frame;
    assert.equal(outer.readUInt16BE(16), 20 + 40);
  });
});

bothEntryPoints('Generic UDP Encapsulation', prepare, (scene) => {
  const { gue } = PORTS;
  const sourcePort = (hash: number) => 0xc000 | (hash & 0x3fff);
  const hash = hashFlow({ client: CLIENT, clientPort: 40_000, vip: VIP, vipPort: gue, protocol: 'tcp' }, SEED);

  test('over IPv4: the source port is of the flow', () => {
    listen(scene(), 'gue', SERVICES.near);
    const expected = fromNode()
      .ip(NODE, TARGET)
      .udp(sourcePort(hash), 6080, { checksum: false })
      .ip(CLIENT, VIP)
      .tcp(40_000, gue)
      .payload(99);
    scene().expect(clientPacket(gue), 'redirect', expected);
  });

  test('over IPv6', () => {
    listen(scene(), 'gue', SERVICES.near6);
    const expected = fromNode()
      .ip(NODE6, TARGET6, { flowLabel: hash & 0xfffff })
      .udp(sourcePort(hash), 6080, { checksum: false })
      .ip(CLIENT, VIP)
      .tcp(40_000, gue)
      .payload(99);
    scene().expect(clientPacket(gue), 'redirect', expected);
  });
});
