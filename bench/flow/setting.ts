import { objectPath, type ProgramFile } from '../../packages/flow/src/build/compile.ts';
import { Datapath } from '../../packages/flow/src/datapath/datapath.ts';
import { FlowSight } from '../../packages/flow/src/datapath/flow-sight.ts';
import type { Mode } from '../../packages/flow/src/datapath/layout.ts';
import type { Limits } from '../../packages/flow/src/datapath/limits.ts';
import { LoadedObject } from '../../packages/flow/src/loader/object.ts';
import { firstGeneration, nextGeneration } from '../../packages/flow/src/maglev/generations.ts';
import { SLOTS } from '../../packages/flow/src/maglev/slots.ts';
import { packet } from '../../packages/testbed/src/packets/packet.ts';

const [CLIENT, VIP, CLIENT6, VIP6] = ['198.51.100.7', '203.0.113.1', '2001:db8::7', '2001:db8:a::1'];
const ABUSER = '198.51.100.66';
const NEXT_HOP = { device: 9, mac: '02:00:00:00:00:aa', ownMac: '02:00:00:00:00:bb' };
const [OLD, NEW, SELF] = [1, 2, 3];
const [UNCHANGED, CHANGED, TRANSLATED, SAMPLED] = [1, 2, 3, 4];
const SERVICES = [UNCHANGED, CHANGED, TRANSLATED, SAMPLED];
const PORTS: Record<number, number> = { [UNCHANGED]: 80, [CHANGED]: 81, [TRANSLATED]: 82, [SAMPLED]: 83 };
/** So few flows are in the sample that those of the cases are not. */
const FEW = 2 ** 20;

export interface Case {
  readonly name: string;
  readonly program: string;
  readonly frame: Buffer;
  /** Nanoseconds that it may take, and times the floor. */
  readonly limit: { readonly nanoseconds: number; readonly floors?: number } | null;
}

/** What rules for sources consist of, beside one address. */
export const NETWORKS = 100_000;
/** All limits are looked at, and nobody meets them. */
const GENEROUS: Limits = {
  packets: { perSecond: 1e9, burst: 1e9 },
  flows: { perSecond: 1e9, burst: 1e9 },
  syns: { alarm: 2 ** 32 - 1, calm: 2 ** 32 - 1 },
};

/** What must be reached with the floor as the unit. */
const EVERY_PACKET = { nanoseconds: 130, floors: 12 };
const CHANGED_SLOT = { nanoseconds: 300 };
const DENIED = { nanoseconds: 60 };

/**
 * A balancer, with rules for sources or without, and frames that take its different ways. A run repeats on what it has left of the frame, so NAT goes to the
 * VIP itself, which computes all checksums and changes nothing.
 */
export async function prepare(file: ProgramFile, guarded: boolean): Promise<{ object: LoadedObject; cases: Case[] }> {
  const object = LoadedObject.load(objectPath(file), { mapSizes: { exceptions: 65_536 } });
  const datapath = new Datapath(object);
  const all = (number: number) => new Uint16Array(SLOTS).fill(number);
  for (const number of [OLD, NEW]) {
    const address = `192.0.2.${number}`;
    datapath.setTarget(number, { address, port: null, tunnelSource: null, nextHop: NEXT_HOP, gone: false });
  }
  datapath.setTarget(SELF, { address: VIP, port: null, tunnelSource: null, nextHop: null, gone: false });
  await datapath.swapTable(UNCHANGED, firstGeneration(all(NEW)));
  await datapath.swapTable(CHANGED, nextGeneration(all(NEW), firstGeneration(all(OLD))));
  await datapath.swapTable(TRANSLATED, firstGeneration(all(SELF)));
  await datapath.swapTable(SAMPLED, firstGeneration(all(NEW)));
  const sight = new FlowSight(object);
  datapath.addVip(VIP);
  if (guarded) {
    datapath.setSource(ABUSER, 'denied');
    for (let network = 0; network < NETWORKS; network++) {
      datapath.setSource(`10.${network >> 13}.${(network >> 5) & 255}.${(network & 31) << 3}`, 'denied', 29);
    }
  }
  for (const service of SERVICES) {
    sight.setSampling(service, service === SAMPLED ? 1 : FEW);
    const mode: Mode = service === TRANSLATED ? 'nat' : 'l2';
    const listener = { number: service, service, hashSeed: 1, idleSeconds: 1800, mode, affinity: 'flow' } as const;
    if (guarded) datapath.setLimits(service, GENEROUS);
    for (const address of [VIP, VIP6]) {
      datapath.setListener({ address, port: PORTS[service], protocol: 'tcp' }, { ...listener, limited: guarded });
    }
  }
  const tcp = (service: number, flags: string) => packet().ip(CLIENT, VIP).tcp(40_000, PORTS[service], flags).frame();
  const endpoint = { address: VIP, port: PORTS[TRANSLATED], protocol: 'tcp' } as const;
  datapath.setOrigin(endpoint, { vip: VIP, port: PORTS[TRANSLATED], listener: TRANSLATED });
  const answer = packet().ip(VIP, CLIENT).tcp(PORTS[TRANSLATED], 40_000).frame();
  const tcp6 = packet().ip(CLIENT6, VIP6).tcp(40_000, PORTS[UNCHANGED]).frame();
  const fromDenied = (source: string) => packet().ip(source, VIP).tcp(1, PORTS[UNCHANGED]).frame();
  const [denied, deniedByNetwork] = [fromDenied(ABUSER), fromDenied('10.5.77.3')];
  const balance = `balance_${file}`;
  const cases: Case[] = [
    { name: 'floor: passes everything', program: `pass_${file}`, frame: tcp(UNCHANGED, 'A'), limit: null },
    { name: 'not for a VIP', program: balance, frame: packet().ip(VIP, CLIENT).tcp(1, 2).frame(), limit: null },
    ...(guarded
      ? [
          { name: 'denied by address', program: balance, frame: denied, limit: DENIED },
          { name: 'denied by network', program: balance, frame: deniedByNetwork, limit: null },
        ]
      : []),
    { name: 'established, unchanged slot', program: balance, frame: tcp(UNCHANGED, 'A'), limit: EVERY_PACKET },
    { name: 'the same, in the sample', program: balance, frame: tcp(SAMPLED, 'A'), limit: null },
    { name: 'the same over IPv6', program: balance, frame: tcp6, limit: EVERY_PACKET },
    { name: 'the same with NAT', program: balance, frame: tcp(TRANSLATED, 'A'), limit: EVERY_PACKET },
    { name: 'an answer of its target', program: balance, frame: answer, limit: EVERY_PACKET },
    { name: 'SYN, unchanged slot', program: balance, frame: tcp(UNCHANGED, 'S'), limit: EVERY_PACKET },
    { name: 'established, changed slot', program: balance, frame: tcp(CHANGED, 'A'), limit: CHANGED_SLOT },
    { name: 'SYN, changed slot', program: balance, frame: tcp(CHANGED, 'S'), limit: CHANGED_SLOT },
  ];
  return { object, cases };
}
