// A client whose connections ask all the time, in a network namespace of its own. Arguments: own address, VIP, port,
// milliseconds between two questions of a connection. Takes "open N", "mark" and "report" as lines, and answers each with
// a line of JSON: how many connections there are, how many are broken, and the longest wait for an answer since "mark".
import { connect, type Socket } from 'node:net';
import { networkInterfaces } from 'node:os';
import { createInterface } from 'node:readline';

export interface Steadiness {
  readonly flows: number;
  /** Reset, or answered by another target. */
  readonly broken: number;
  /** Milliseconds. */
  readonly longestWait: number;
}

const [address, vip, port, pace] = process.argv.slice(2) as [string, string, string, string];
const own = Object.values(networkInterfaces()).flatMap((list) => list ?? []);
if (!own.some((entry) => entry.address === address)) throw new Error(`${address} is not an address of this namespace`);

interface Flow {
  readonly socket: Socket;
  target: string;
  isBroken: boolean;
  /** When the question was asked that has no answer yet; null: there is none. */
  askedAt: number | null;
}
const flows: Flow[] = [];
let longestWait = 0;

for await (const line of createInterface({ input: process.stdin })) {
  const [command, number] = line.split(' ');
  if (command === 'open') await Promise.all(Array.from({ length: Number(number) }, open));
  if (command === 'mark') longestWait = 0;
  const now = performance.now();
  for (const { askedAt, isBroken } of flows) if (askedAt !== null && !isBroken) waited(now - askedAt);
  const broken = flows.filter(({ isBroken }) => isBroken).length;
  const report: Steadiness = { flows: flows.length, broken, longestWait: Math.round(longestWait) };
  process.stdout.write(`${JSON.stringify(report)}\n`);
}
process.exit();

function waited(milliseconds: number): void {
  longestWait = Math.max(longestWait, milliseconds);
}

/** Resolves with the first answer. */
function open(): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const socket = connect({ host: vip, port: Number(port), localAddress: address });
  const flow: Flow = { socket, target: '', isBroken: false, askedAt: null };
  flows.push(flow);
  socket.on('data', (bytes) => {
    const target = String(bytes).split(' ')[0]!;
    if (flow.target !== '' && flow.target !== target) flow.isBroken = true;
    flow.target = target;
    if (flow.askedAt !== null) waited(performance.now() - flow.askedAt);
    flow.askedAt = null;
    setTimeout(ask, Number(pace), flow);
    resolve();
  });
  for (const end of ['error', 'close'] as const) {
    socket.on(end, () => {
      flow.isBroken = true;
      resolve();
    });
  }
  ask(flow);
  return promise;
}

function ask(flow: Flow): void {
  if (flow.isBroken) return;
  flow.askedAt = performance.now();
  flow.socket.write('who\n');
}
