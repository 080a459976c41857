// A balancer by NAT in a network namespace of its own, whose programs run on frames as if these came in at its devices.
// Argument: JSON of Routing. Takes lines, JSON of Frame, Containers or ShortWay, and answers each with a line,
// JSON of Ran or null.
import { createInterface } from 'node:readline';
import { objectPath } from '../../src/build/compile.ts';
import { Datapath } from '../../src/datapath/datapath.ts';
import { LoadedObject } from '../../src/loader/object.ts';
import { testRun } from '../../src/loader/test-run.ts';
import { firstGeneration } from '../../src/maglev/generations.ts';
import { SLOTS } from '../../src/maglev/slots.ts';
import { SMALL_MAPS } from '../scene.ts';

export interface Routing {
  /** One target for each. */
  readonly vips: readonly { readonly vip: string; readonly target: string }[];
}

export interface Frame {
  readonly frame: string;
  readonly device: number;
  readonly mark: number;
}

/** Devices that lead into containers, from now on. */
export interface Containers {
  readonly containers: readonly number[];
}

/** Whether the programs send on what they have translated, from now on; as they do unless told. */
export interface ShortWay {
  readonly shortWay: boolean;
}

export interface Ran {
  readonly verdict: number;
  readonly frame: string;
}

const work = JSON.parse(process.argv[2]!) as Routing;
const object = LoadedObject.load(objectPath('tcx'), { mapSizes: SMALL_MAPS });
const datapath = new Datapath(object);
datapath.shortenWay(true);
for (const { vip } of work.vips) datapath.addVip(vip, true);
for (const [index, { vip, target }] of work.vips.entries()) {
  const number = index + 1;
  datapath.setTarget(number, { address: target, port: 8080, tunnelSource: null, nextHop: null, gone: false });
  await datapath.swapTable(number, firstGeneration(new Uint16Array(SLOTS).fill(number)));
  for (const protocol of ['tcp', 'udp'] as const) {
    const settings = {
      number,
      service: number,
      hashSeed: 1,
      idleSeconds: 1800,
      mode: 'nat',
      affinity: 'flow',
    } as const;
    datapath.setListener({ address: vip, port: 80, protocol }, settings);
    datapath.setOrigin({ address: target, port: 8080, protocol }, { vip, port: 80, listener: number });
  }
}
process.stdout.write('ready\n');
for await (const line of createInterface({ input: process.stdin })) {
  const asked = JSON.parse(line) as Frame | Containers | ShortWay;
  if ('shortWay' in asked) {
    datapath.shortenWay(asked.shortWay);
    process.stdout.write('null\n');
    continue;
  }
  if ('containers' in asked) {
    datapath.setContainers(asked.containers);
    process.stdout.write('null\n');
    continue;
  }
  const { frame, device, mark } = asked;
  const ran = testRun(object.program('balance_tcx'), Buffer.from(frame, 'hex'), 1, { device, mark });
  process.stdout.write(`${JSON.stringify({ verdict: ran.verdict, frame: ran.frame.toString('hex') } satisfies Ran)}\n`);
}
