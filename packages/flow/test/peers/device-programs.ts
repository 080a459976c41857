// Puts programs that pass everything on devices of the network namespace that it runs in. Takes lines, and answers each with
// a line of JSON: "devices" with `containerDevices`; "attach DEVICE TYPE" (enum bpf_attach_type: 37 XDP, 46 tcx ingress, 47
// tcx egress) and "detach" (all of them) with null.
import { closeSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { objectPath } from '../../src/build/compile.ts';
import { containerDevices } from '../../src/loader/container-devices.ts';
import { checked, libbpf } from '../../src/loader/libbpf.ts';
import { LoadedObject } from '../../src/loader/object.ts';
import { SMALL_MAPS } from '../scene.ts';

const XDP = 37;
const programs = {
  xdp: LoadedObject.load(objectPath('xdp'), { mapSizes: SMALL_MAPS }).program('pass_xdp'),
  tcx: LoadedObject.load(objectPath('tcx'), { mapSizes: SMALL_MAPS }).program('pass_tcx'),
};
let links: number[] = [];

process.stdout.write('ready\n');
for await (const line of createInterface({ input: process.stdin })) {
  const [command, device, type] = line.split(' ');
  let answer: unknown = null;
  if (command === 'devices') {
    answer = containerDevices();
  } else if (command === 'attach') {
    const program = Number(type) === XDP ? programs.xdp : programs.tcx;
    links.push(checked(libbpf().bpf_link_create(program, Number(device), Number(type), null), line));
  } else {
    for (const link of links) closeSync(link); // a link that nobody holds is gone
    links = [];
  }
  process.stdout.write(`${JSON.stringify(answer)}\n`);
}
