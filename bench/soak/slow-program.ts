import { once } from 'node:events';
import { connect, type Socket } from 'node:net';

/**
 * Clients that send a request head one byte a second:
 *
 *   node bench/soak/slow-program.ts <address> <port> <clients>
 *
 * It opens them when its parent says so, tells when all are open, and goes on until it is killed. One that is turned away
 * comes back.
 */
const [host, port, count] = process.argv.slice(2) as [string, string, string];
const HEAD = Buffer.from(`GET / HTTP/1.1\r\nHost: ${host}\r\nX-Long: ${'x'.repeat(4_000)}\r\n\r\n`);
/** Source addresses, so that local ports do not run out. */
const SOURCES = 8;
/** Connections that are opened at the same time. */
const PARALLEL = 64;
/** All of them in so many groups, which take turns within the second. */
const GROUPS = 500;

const clients: { socket: Socket | null; sent: number }[] = [];

async function open(index: number): Promise<void> {
  const socket = connect({ host, port: Number(port), localAddress: `127.3.0.${1 + (index % SOURCES)}` });
  const client = clients[index] ?? { socket: null, sent: 0 };
  clients[index] = client;
  socket.on('error', () => undefined);
  socket.on('close', () => {
    client.socket = null;
    setTimeout(() => void open(index), 1_000);
  });
  await Promise.race([once(socket, 'connect'), once(socket, 'close')]).catch(() => undefined);
  client.sent = 0;
  client.socket = socket;
  socket.resume();
}

async function openAll(): Promise<void> {
  let next = 0;
  const some = async () => {
    while (next < Number(count)) await open(next++);
  };
  await Promise.all(Array.from({ length: PARALLEL }, some));
  process.send?.('open');
  let group = 0;
  setInterval(() => {
    for (let i = group; i < clients.length; i += GROUPS) {
      const { socket, sent } = clients[i];
      if (socket === null || socket.destroyed) continue;
      socket.write(HEAD.subarray(sent, sent + 1));
      clients[i].sent = Math.min(sent + 1, HEAD.length - 1);
    }
    group = (group + 1) % GROUPS;
  }, 1_000 / GROUPS);
}

process.on('message', () => void openAll());
process.on('disconnect', () => process.exit(0));
