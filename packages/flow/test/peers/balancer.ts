// The balancer's user space, in a network namespace of its own: loads or takes over, sets tables, attaches, and ends.
// What it pinned goes on. Argument: JSON of Work.
import { readFileSync } from 'node:fs';
import { objectPath } from '../../src/build/compile.ts';
import { Datapath } from '../../src/datapath/datapath.ts';
import type { Limits } from '../../src/datapath/limits.ts';
import { Attachment } from '../../src/loader/attach.ts';
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
  readonly targets: readonly { readonly address: string; readonly weight: number }[];
}

const work = JSON.parse(process.argv[2]!) as Work;
const object = LoadedObject.load(objectPath('tcx'), { mapSizes: SMALL_MAPS, pinFolder: work.pinFolder });
const datapath = new Datapath(object);
const SERVICE = 1;
const settings = {
  number: 1,
  service: SERVICE,
  hashSeed: 99,
  idleSeconds: 1800,
  mode: 'nat',
  affinity: 'flow',
  limited: work.limits !== undefined,
} as const;

const named = work.targets.map((target, index) => ({ ...target, number: index + 1, name: target.address }));
for (const { number, address } of named) {
  datapath.setTarget(number, { address, port: 8080, tunnelSource: null, nextHop: null, gone: false });
  for (const protocol of ['tcp', 'udp'] as const) {
    datapath.setOrigin({ address, port: 8080, protocol }, { vip: work.vip, port: work.port, listener: 1 });
  }
}
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
  Attachment.attach('tcx', index, object.program('balance_tcx'), `${work.pinFolder}/link-${device}`);
}
process.stdout.write(
  `${JSON.stringify({
    exceptions: datapath.countExceptions(),
    flows: Number(datapath.listenerTraffic(1).flows),
    alarms: Number(datapath.flood(1).alarms),
    verified: Number(datapath.outcomes().verified),
  })}\n`,
);
