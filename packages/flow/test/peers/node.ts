// A node of a zone, in a network namespace of its own: a balancer on tcx whose user space stays, and shares flows with one
// other node. Argument: JSON of NodeWork. Takes lines of JSON (NodeCommand) and answers each with a line of JSON.
import { createServer, connect as dial } from 'node:net';
import { createInterface } from 'node:readline';
import { objectPath } from '../../src/build/compile.ts';
import { Datapath } from '../../src/datapath/datapath.ts';
import type { NextHop } from '../../src/datapath/layout.ts';
import { Attachment } from '../../src/loader/attach.ts';
import { LoadedObject } from '../../src/loader/object.ts';
import {
  firstGeneration,
  type Generation,
  joinGeneration,
  nextGeneration,
  settle,
} from '../../src/maglev/generations.ts';
import { buildSlots } from '../../src/maglev/slots.ts';
import { FlowSharing } from '../../src/sharing/flow-sharing.ts';

export interface NodeWork {
  readonly device: number;
  readonly address: string;
  readonly vip: string;
  readonly port: number;
  readonly targets: readonly { readonly name: string; readonly address: string; readonly nextHop: NextHop }[];
  /** Numbers begin here, so that nodes number targets differently. */
  readonly firstNumber: number;
}

export type NodeCommand =
  /** The first one also attaches. */
  | { readonly weights: readonly number[] }
  /** Learns of the other node's tables and flows, and tells it from then on. */
  | { readonly join: string }
  | { readonly settle: true }
  | { readonly status: true };

const SHARING_PORT = 7946;
const SERVICE = 1;
const work = JSON.parse(process.argv[2]!) as NodeWork;
const object = LoadedObject.load(objectPath('tcx'), { mapSizes: { exceptions: 65_536 } });
const datapath = new Datapath(object);
const named = work.targets.map((target, index) => ({ ...target, number: work.firstNumber + index }));
let isAttached = false;
let learntTable: Generation | null = null;
const numbers = {
  targets: new Map(named.map(({ number, name }) => [number, name])),
  services: new Map([[SERVICE, 'web']]),
};
const sharing = new FlowSharing({
  datapath,
  numbers: () => numbers,
  onTable: (_service, generation) => {
    learntTable = generation;
  },
  onLost: (_peer, error) => console.error(error),
});
setInterval(() => sharing.tell(), 20).unref();

for (const { number, address, nextHop } of named) {
  datapath.setTarget(number, { address, port: null, tunnelSource: null, nextHop, gone: false });
}
datapath.addVip(work.vip);
datapath.setListener(
  { address: work.vip, port: work.port, protocol: 'tcp' },
  { number: 1, service: SERVICE, hashSeed: 99, idleSeconds: 1800, mode: 'l2', affinity: 'flow' },
);
createServer((socket) => sharing.add(socket)).listen(SHARING_PORT, work.address, () => process.stdout.write('ready\n'));

for await (const line of createInterface({ input: process.stdin })) {
  process.stdout.write(`${JSON.stringify(await obey(JSON.parse(line) as NodeCommand))}\n`);
}
process.exit();

async function obey(command: NodeCommand): Promise<unknown> {
  if ('weights' in command) {
    const slots = buildSlots(named.map((target, index) => ({ ...target, weight: command.weights[index]! })));
    const before = datapath.table(SERVICE);
    const next =
      before !== null
        ? nextGeneration(slots, before)
        : learntTable !== null
          ? joinGeneration(slots, learntTable)
          : firstGeneration(slots);
    await datapath.swapTable(SERVICE, next);
    if (!isAttached) await Attachment.attach('tcx', work.device, object.program('balance_tcx'));
    isAttached = true;
  } else if ('join' in command) {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const socket = dial(SHARING_PORT, command.join, resolve).on('error', reject);
    await promise;
    sharing.add(socket);
    while (learntTable === null) await new Promise((wake) => setTimeout(wake, 5));
  } else if ('settle' in command) {
    await datapath.swapTable(
      SERVICE,
      settle(datapath.table(SERVICE)!, () => true),
    );
  }
  return { flows: datapath.countExceptions(), learnt: sharing.learnt, peers: sharing.peers };
}
