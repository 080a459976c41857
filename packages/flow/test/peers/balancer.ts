// The balancer's user space, in a network namespace of its own: loads or takes over, sets tables, attaches, and ends.
// What it pinned goes on. Argument: JSON of Work.
import { readFileSync } from 'node:fs';
import { objectPath, type ProgramFile } from '../../src/build/compile.ts';
import { Datapath } from '../../src/datapath/datapath.ts';
import type { Mode, NextHop } from '../../src/datapath/layout.ts';
import type { Limits } from '../../src/datapath/limits.ts';
import { Attachment } from '../../src/loader/attach.ts';
import { containerDevices } from '../../src/loader/container-devices.ts';
import { LoadedObject } from '../../src/loader/object.ts';
import { firstGeneration, nextGeneration, settle } from '../../src/maglev/generations.ts';
import { buildSlots } from '../../src/maglev/slots.ts';
import { SMALL_MAPS } from '../scene.ts';

export interface Work {
  readonly pinFolder: string;
  readonly devices: readonly string[];
  readonly vip: string;
  readonly port: number;
  /** Flows from before the change have had their time. */
  readonly settled: boolean;
  readonly limits?: Limits;
  /** What is translated goes on without the kernel's routing. */
  readonly shortWay?: boolean;
  /** What is for containers is handed to them. */
  readonly hands?: boolean;
  /** NAT unless told; its targets listen on port 8080, those of the other modes on the port of the VIP. */
  readonly mode?: Mode;
  readonly tunnelSource?: string;
  readonly program?: ProgramFile;
  readonly targets: readonly {
    readonly address: string;
    readonly weight: number;
    readonly nextHop?: NextHop;
    readonly mtu?: number;
  }[];
}

const work = JSON.parse(process.argv[2]!) as Work;
const program = work.program ?? 'tcx';
const object = LoadedObject.load(objectPath(program), { mapSizes: SMALL_MAPS, pinFolder: work.pinFolder });
const datapath = new Datapath(object);
const SERVICE = 1;
const mode = work.mode ?? 'nat';
const settings = {
  number: 1,
  service: SERVICE,
  hashSeed: 99,
  idleSeconds: 1800,
  mode,
  affinity: 'flow',
  limited: work.limits !== undefined,
} as const;

const named = work.targets.map((target, index) => ({ ...target, number: index + 1, name: target.address }));
for (const { number, address, nextHop = null, mtu = 0 } of named) {
  const port = mode === 'nat' ? 8080 : null;
  datapath.setTarget(number, { address, port, tunnelSource: work.tunnelSource ?? null, nextHop, gone: false, mtu });
  if (mode !== 'nat') continue;
  for (const protocol of ['tcp', 'udp'] as const) {
    datapath.setOrigin({ address, port: 8080, protocol }, { vip: work.vip, port: work.port, listener: 1 });
  }
}
datapath.shortenWay(work.shortWay ?? false);
datapath.setContainers(work.hands === true ? containerDevices() : []);
datapath.setLimits(settings.number, work.limits ?? null);
const slots = buildSlots(named);
const before = datapath.table(SERVICE);
const next = before === null ? firstGeneration(slots) : nextGeneration(slots, before);
await datapath.swapTable(SERVICE, work.settled ? settle(next, () => true) : next);
for (const protocol of ['tcp', 'udp'] as const) {
  datapath.setListener({ address: work.vip, port: work.port, protocol }, settings);
}
datapath.addVip(work.vip);
for (const device of work.devices) {
  const index = Number(readFileSync(`/proc/net/dev_snmp6/${device}`, 'utf8').match(/^ifIndex\s+(\d+)/m)![1]);
  await Attachment.attach(program, index, object.program(`balance_${program}`), `${work.pinFolder}/link-${device}`);
}
process.stdout.write(
  `${JSON.stringify({
    exceptions: datapath.countExceptions(),
    flows: Number(datapath.listenerTraffic(1).flows),
    alarms: Number(datapath.flood(1).alarms),
    verified: Number(datapath.outcomes().verified),
  })}\n`,
);
