// A balancer at tcx in a network namespace of its own, that is put on its devices and taken off them again. Argument: JSON
// of Balancing. Takes lines: "handing" (on, as a node agent has it: what is for a container is handed to it), "by device" (on,
// without that) and "off", and answers each with a line; to "denied" with the number of packets so far.
import { createInterface } from 'node:readline';
import { objectPath } from '../../../packages/flow/src/build/compile.ts';
import { Datapath } from '../../../packages/flow/src/datapath/datapath.ts';
import type { Mode, NextHop } from '../../../packages/flow/src/datapath/layout.ts';
import { Attachment } from '../../../packages/flow/src/loader/attach.ts';
import { containerDevices } from '../../../packages/flow/src/loader/container-devices.ts';
import { LoadedObject } from '../../../packages/flow/src/loader/object.ts';
import { firstGeneration } from '../../../packages/flow/src/maglev/generations.ts';
import { buildSlots } from '../../../packages/flow/src/maglev/slots.ts';

export interface Balancing {
  readonly devices: readonly number[];
  readonly targets: readonly { readonly address: string; readonly nextHop: NextHop }[];
  readonly services: readonly {
    readonly vip: string;
    readonly mode: Mode;
    readonly port: number;
    /** By their place in `targets`. */
    readonly targets: readonly number[];
  }[];
  /** A source whose packets are dropped. */
  readonly denied: string;
}

const work = JSON.parse(process.argv[2]) as Balancing;
const object = LoadedObject.load(objectPath('tcx'));
const datapath = new Datapath(object);
datapath.shortenWay(true);
datapath.setSource(work.denied, 'denied');
for (const [index, { vip, mode, port, targets }] of work.services.entries()) {
  const service = index + 1;
  const named = targets.map((at) => ({
    ...work.targets[at],
    number: service * 10 + at,
    name: work.targets[at].address,
    weight: 1,
  }));
  for (const { number, address, nextHop } of named) {
    // With NAT the node agent leaves the way to the kernel's routes.
    const hop = mode === 'nat' ? null : nextHop;
    datapath.setTarget(number, { address, port: null, tunnelSource: null, nextHop: hop, gone: false });
    if (mode === 'nat') {
      datapath.setOrigin({ address, port, protocol: 'tcp' }, { vip, port, listener: service });
    }
  }
  await datapath.swapTable(service, firstGeneration(buildSlots(named)));
  datapath.setListener(
    { address: vip, port, protocol: 'tcp' },
    { number: service, service, hashSeed: 7, idleSeconds: 1800, mode, affinity: 'flow' },
  );
  datapath.addVip(vip);
}

let attachments: Attachment[] = [];
process.stdout.write('ready\n');
for await (const command of createInterface({ input: process.stdin })) {
  if (command === 'denied') {
    process.stdout.write(`${datapath.outcomes().denied}\n`);
    continue;
  }
  for (const attachment of attachments) attachment.detach();
  const devices = command === 'off' ? [] : work.devices;
  datapath.setContainers(command === 'handing' ? containerDevices() : []);
  const program = object.program('balance_tcx');
  attachments = await Promise.all(devices.map((device) => Attachment.attach('tcx', device, program)));
  process.stdout.write(`${JSON.stringify(command)}\n`);
}
