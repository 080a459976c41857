// What the kernel says of packets' sources, in a network namespace of its own. Argument: the device that they come in by.
// Takes lines, "SOURCE DESTINATION", and answers each with one, JSON of whether the kernel would drop such a packet.
import { createInterface } from 'node:readline';
import { deviceOf } from '../../src/loader/device.ts';
import { Routes } from '../../src/loader/routes.ts';

const routes = new Routes();
const { index } = deviceOf(process.argv[2]!)!;
for await (const line of createInterface({ input: process.stdin })) {
  const [source, destination] = line.split(' ') as [string, string];
  process.stdout.write(`${JSON.stringify(routes.isForged(source, destination, index))}\n`);
}
routes.close();
