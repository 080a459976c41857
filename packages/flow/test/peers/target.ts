// A target, in a network namespace of its own: says its name and the client's address, over TCP and UDP, and hashes
// uploads. Arguments: name, addresses and ports, several with commas between them. Writes "ready" once it listens.
import { createHash } from 'node:crypto';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { createServer, type Socket } from 'node:net';
import { networkInterfaces } from 'node:os';

const [name, addresses, ports] = process.argv.slice(2) as [string, string, string];
const own = Object.values(networkInterfaces()).flatMap((list) => list ?? []);
const ready = addresses.split(',').flatMap((address) => {
  if (!own.some((entry) => entry.address === address))
    throw new Error(`${address} is not an address of this namespace`);
  return ports.split(',').map((port) => listen(address, Number(port)));
});
await Promise.all(ready);
process.stdout.write('ready\n');

async function listen(address: string, port: number): Promise<void> {
  const tcp = createServer((socket) => {
    socket.on('error', () => socket.destroy());
    serve(socket);
  });
  const udp = createSocket(address.includes(':') ? 'udp6' : 'udp4');
  udp.on('message', (message, from) => udp.send(`${name} ${from.address} ${message}`, from.port, from.address));
  await Promise.all([once(udp.bind(port, address), 'listening'), once(tcp.listen(port, address), 'listening')]);
}

/** "who\n" is answered at once, "upload N\n" after N bytes. */
function serve(socket: Socket): void {
  let line = '';
  let awaited = 0;
  let hash = createHash('sha256');
  socket.on('data', (bytes) => {
    let rest = Buffer.from(bytes);
    while (rest.length > 0) {
      if (awaited > 0) {
        const part = rest.subarray(0, awaited);
        hash.update(part);
        awaited -= part.length;
        rest = rest.subarray(part.length);
        if (awaited === 0) socket.write(`${name} ${hash.digest('hex')}\n`);
        continue;
      }
      const end = rest.indexOf(10);
      line += rest.toString('latin1', 0, end < 0 ? rest.length : end);
      rest = end < 0 ? rest.subarray(rest.length) : rest.subarray(end + 1);
      if (end < 0) continue;
      if (line === 'who') socket.write(`${name} ${socket.remoteAddress}\n`);
      else {
        awaited = Number(line.slice('upload '.length));
        hash = createHash('sha256');
      }
      line = '';
    }
  });
}
