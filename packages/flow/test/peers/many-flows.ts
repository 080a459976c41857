// A client with many connections, in a network namespace of its own. Arguments: own address, VIP, port. Takes "open N" and
// "ask" as lines and answers with a line of JSON: of all that were ever opened, how many still meet their target.
import { connect, type Socket } from 'node:net';
import { networkInterfaces } from 'node:os';
import { createInterface } from 'node:readline';

export interface Survey {
  readonly flows: number;
  /** Reset, silent, or answered by another target. */
  readonly broken: number;
  readonly targets: Readonly<Record<string, number>>;
}

const [address, vip, port] = process.argv.slice(2) as [string, string, string];
const own = Object.values(networkInterfaces()).flatMap((list) => list ?? []);
if (!own.some((entry) => entry.address === address)) throw new Error(`${address} is not an address of this namespace`);

const AT_ONCE = 100;
const DEADLINE = 20_000;

interface Flow {
  readonly socket: Socket;
  target: string | null;
  answered: (name: string | null) => void;
}
const flows: Flow[] = [];

for await (const line of createInterface({ input: process.stdin })) {
  const [command, number] = line.split(' ');
  const asked =
    command === 'open' ? await inParts(Array.from({ length: Number(number) }), open) : await inParts(flows, ask);
  process.stdout.write(`${JSON.stringify(survey(asked))}\n`);
}
process.exit();

function survey(asked: readonly (string | null)[]): Survey {
  const targets: Record<string, number> = {};
  for (const name of asked) if (name !== null) targets[name] = (targets[name] ?? 0) + 1;
  return { flows: flows.length, broken: asked.filter((name) => name === null).length, targets };
}

async function inParts<T>(list: readonly T[], run: (item: T) => Promise<string | null>): Promise<(string | null)[]> {
  const results: (string | null)[] = [];
  for (let at = 0; at < list.length; at += AT_ONCE) {
    results.push(...(await Promise.all(list.slice(at, at + AT_ONCE).map(run))));
  }
  return results;
}

async function open(): Promise<string | null> {
  const flow: Flow = {
    socket: connect({ host: vip, port: Number(port), localAddress: address }),
    target: null,
    answered: () => undefined,
  };
  flow.socket.on('data', (bytes) => flow.answered(String(bytes).split(' ')[0]!));
  for (const end of ['error', 'close'] as const) flow.socket.on(end, () => flow.answered(null));
  flows.push(flow);
  flow.target = await question(flow);
  return flow.target;
}

/** The target's name if it is the one of the beginning, else null. */
async function ask(flow: Flow): Promise<string | null> {
  if (flow.target === null || flow.socket.destroyed) return null;
  const name = await question(flow);
  return name === flow.target ? name : null;
}

function question(flow: Flow): Promise<string | null> {
  return new Promise((resolve) => {
    const deadline = setTimeout(() => flow.answered(null), DEADLINE);
    flow.answered = (name) => {
      clearTimeout(deadline);
      resolve(name);
    };
    flow.socket.write('who\n');
  });
}
