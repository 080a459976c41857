// Where programs are attached, in a network namespace of its own, to a device that counts as one whose driver does XDP.
// Arguments: a folder of a BPF file system, the device. Takes lines, each what the kernel would make of answers there
// (empty: nothing bad), and answers each with one, JSON of the point and what the log said.
import { createInterface } from 'node:readline';
import { pino } from 'pino';
import { Attachments } from '../../packages/agent/src/datapath/attachments.ts';
import { Programs } from '../../packages/agent/src/datapath/programs.ts';

const [folder, device] = process.argv.slice(2) as [string, string];
let refusal = '';
let said: string[] = [];
const log = pino({}, { write: (line: string) => said.push((JSON.parse(line) as { reason?: string }).reason ?? line) });
const programs = await Programs.open(folder, 65_536, log);
const attachments = new Attachments(folder, (point) => programs.program(point), log, 'auto', {
  driver: () => 'ice',
  refusal: () => refusal,
});
for await (const line of createInterface({ input: process.stdin })) {
  refusal = line;
  said = [];
  await attachments.set([device]);
  process.stdout.write(`${JSON.stringify([attachments.points.get(device), ...said])}\n`);
}
await programs.close();
