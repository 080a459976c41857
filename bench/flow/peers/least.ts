// The program of least.bpf.c in a network namespace of its own. Argument: JSON of Least. Takes "on" and "off" as lines,
// and answers each with a line.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { compileSource } from '../../../packages/flow/src/build/compile.ts';
import { addressBytes } from '../../../packages/flow/src/datapath/address.ts';
import { type NextHop, numberKey } from '../../../packages/flow/src/datapath/layout.ts';
import { Attachment } from '../../../packages/flow/src/loader/attach.ts';
import { LoadedObject } from '../../../packages/flow/src/loader/object.ts';

interface LeastWay {
  readonly before: string;
  readonly after: string;
  readonly nextHop: NextHop & { readonly mac: string };
}

export interface Least {
  readonly devices: readonly number[];
  /** To the target, and back to the client. */
  readonly ways: readonly [LeastWay, LeastWay];
}

const work = JSON.parse(process.argv[2]) as Least;
const folder = mkdtempSync(join(tmpdir(), 'evenkeel-least-'));
let object: LoadedObject;
try {
  const path = join(folder, 'least.bpf.o');
  compileSource(join(import.meta.dirname, '..', 'least.bpf.c'), path);
  object = LoadedObject.load(path);
} finally {
  rmSync(folder, { recursive: true });
}
for (const [index, { before, after, nextHop }] of work.ways.entries()) {
  const device = Buffer.alloc(4);
  device.writeUInt32LE(nextHop.device);
  const macs = [nextHop.mac, nextHop.ownMac].map((mac) => Buffer.from(mac.replaceAll(':', ''), 'hex'));
  const ipv4 = [before, after].map((address) => addressBytes(address).subarray(12));
  object.map('ways').set(numberKey(index), Buffer.concat([...ipv4, device, ...macs]));
}

let attachments: Attachment[] = [];
process.stdout.write('ready\n');
for await (const command of createInterface({ input: process.stdin })) {
  for (const attachment of attachments) attachment.detach();
  const devices = command === 'on' ? work.devices : [];
  attachments = await Promise.all(
    devices.map((device) => Attachment.attach('tcx', device, object.program('least_tcx'))),
  );
  process.stdout.write(`${JSON.stringify(command)}\n`);
}
