// What the kernel says of packets' sources, in a network namespace of its own. Argument: the device that they come in by.
// Takes lines, and answers each with one, JSON: "SOURCE DESTINATION" with whether the kernel would drop such a packet,
// "ADDRESS" with the number of the device that has it, "news" with whether there has been any since.
import { createInterface } from 'node:readline';
import { deviceOf } from '../../src/loader/device.ts';
import { NetworkNews } from '../../src/loader/network-news.ts';
import { Routes } from '../../src/loader/routes.ts';

const routes = new Routes();
const news = new NetworkNews();
const { index } = deviceOf(process.argv[2]!)!;
for await (const line of createInterface({ input: process.stdin })) {
  const [source, destination] = line.split(' ') as [string, string?];
  const told = () => (destination === undefined ? routes.holder(source) : routes.isForged(source, destination, index));
  process.stdout.write(`${JSON.stringify(line === 'news' ? news.take() : told())}\n`);
}
routes.close();
news.close();
