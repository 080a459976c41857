// A client, in a network namespace of its own. Arguments: own address, VIP, port. Takes commands as lines on standard
// input and answers each with a line of JSON: "open N" (connections that stay), "ask" (all of them once more), "fresh N"
// (connections that end), "knock MS" (one that may take so long, for where nobody is expected), "upload BYTES",
// "datagrams N", "refused" (a datagram that comes to nobody, and what is said of it), "to ADDRESS VIP PORT" (from and to
// where connections go from here on).
import { createHash } from 'node:crypto';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { networkInterfaces } from 'node:os';
import { createInterface } from 'node:readline';

const own = Object.values(networkInterfaces()).flatMap((list) => list ?? []);
let [address, vip, port] = checked(process.argv.slice(2));

const open: Socket[] = [];
const DEADLINE = 10_000;

for await (const command of createInterface({ input: process.stdin })) {
  const [name, ...args] = command.split(' ') as [string, ...string[]];
  const answer = await run(name, args).catch((error: Error) => ({ error: error.message }));
  process.stdout.write(`${JSON.stringify(answer)}\n`);
}
for (const socket of open) socket.destroy();

function checked(words: readonly string[]): [string, string, string] {
  const [from = '', to = '', at = ''] = words;
  if (!own.some((entry) => entry.address === from)) throw new Error(`${from} is not an address of this namespace`);
  return [from, to, at];
}

async function run(command: string, args: readonly string[]): Promise<unknown> {
  const number = Number(args[0]);
  switch (command) {
    case 'to':
      [address, vip, port] = checked(args);
      return true;
    case 'open':
      for (let i = 0; i < number; i++) open.push(await dial());
      return Promise.all(open.map(ask));
    case 'ask':
      return Promise.all(open.map(ask));
    case 'fresh': {
      const answers: string[] = [];
      for (let i = 0; i < number; i++) {
        const socket = await dial();
        answers.push(await ask(socket));
        socket.end();
      }
      return answers;
    }
    case 'knock': {
      const socket = await dial(number);
      socket.write('who\n');
      return line(socket, number).finally(() => socket.destroy());
    }
    case 'upload': {
      const socket = await dial();
      const bytes = Buffer.alloc(number, 'evenkeel');
      socket.write(`upload ${number}\n`);
      socket.write(bytes);
      const [, received] = (await line(socket)).split(' ');
      socket.end();
      return received === createHash('sha256').update(bytes).digest('hex');
    }
    case 'datagrams':
      return Promise.all(Array.from({ length: number }, (_, index) => datagram(String(index))));
    case 'refused':
      return refused();
    default:
      throw new Error(`unknown command ${command}`);
  }
}

async function dial(deadline = DEADLINE): Promise<Socket> {
  const socket = connect({ host: vip, port: Number(port), localAddress: address });
  // Whoever waits for something learns of the error as well.
  socket.on('error', () => socket.destroy());
  try {
    await once(socket, 'connect', { signal: AbortSignal.timeout(deadline) });
  } catch (error) {
    socket.destroy();
    throw error;
  }
  return socket;
}

function ask(socket: Socket): Promise<string> {
  socket.write('who\n');
  return line(socket);
}

async function line(socket: Socket, deadline = DEADLINE): Promise<string> {
  const [bytes] = await once(socket, 'data', { signal: AbortSignal.timeout(deadline) });
  return String(bytes).trim();
}

/** The code of the error that ICMP makes of it. */
async function refused(): Promise<string> {
  const socket = createSocket(vip.includes(':') ? 'udp6' : 'udp4');
  socket.connect(Number(port), vip);
  await once(socket, 'connect');
  const [error] = await Promise.all([
    once(socket, 'error', { signal: AbortSignal.timeout(DEADLINE) }),
    new Promise((resolve) => socket.send('query', resolve)),
  ]);
  socket.close();
  return (error[0] as NodeJS.ErrnoException).code ?? '';
}

async function datagram(text: string): Promise<string> {
  const socket = createSocket(vip.includes(':') ? 'udp6' : 'udp4');
  socket.send(text, Number(port), vip);
  const [answer] = await once(socket, 'message', { signal: AbortSignal.timeout(DEADLINE) });
  socket.close();
  return String(answer);
}
