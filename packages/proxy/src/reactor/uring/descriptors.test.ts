import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { it } from 'node:test';
import { withoutUring } from '../contract/available.ts';

/** Answers every byte on a port it prints; a line on its input has it print how often it has entered the kernel. */
const SERVER = `
  import { UringReactor } from '${new URL('./reactor.ts', import.meta.url)}';
  const reactor = new UringReactor({ buffers: 64 });
  const handler = {
    onConnected() {},
    onReceive: (connection, buffer, start, end) => connection.send(buffer, start, end),
    onSent() {},
    onEnd: (connection) => connection.end(),
    onDeadline() {},
    onClosed() {},
  };
  reactor.listen({ address: '127.0.0.1', port: 0, backlog: 256, reusePort: false }, {
    onListening: (socket) => console.log(socket.endpoint.port),
    onAccept: (connection) => { connection.handler = handler; },
    onFailed: (_, error) => { throw new Error(error.message); },
  });
  process.stdin.on('data', () => console.log(reactor.open, reactor.enters));
  const loop = () => { reactor.turn(20); setImmediate(loop); };
  loop();
`;

async function echoes(socket: Socket): Promise<void> {
  const answer = once(socket, 'data');
  socket.write('x');
  await answer;
}

it('without descriptors, accepting waits without spinning and goes on when one is closed', {
  skip: withoutUring,
}, async () => {
  const args = ['-c', 'ulimit -n 64; exec "$0" "$@"', process.execPath, '--input-type=module', '-e', SERVER];
  const server = spawn('sh', args, { stdio: ['pipe', 'pipe', 'inherit'] });
  const line = async (): Promise<string> => String((await once(server.stdout, 'data'))[0]);
  const count = async (): Promise<number[]> => {
    server.stdin.write('\n');
    return (await line()).split(' ').map(Number);
  };
  try {
    const port = Number(await line());
    const clients = Array.from({ length: 80 }, () => connect(port, '127.0.0.1'));
    await Promise.all(clients.map((client) => once(client, 'connect')));
    // They are connected before the server hears of them.
    let [open, before] = [0, 0];
    while (open === 0) [open, before] = (await count()) as [number, number];
    assert.ok(open < 64, `${open} were accepted`);
    const since = performance.now();
    await new Promise((resolve) => setTimeout(resolve, 500));
    const [, after] = await count();
    // Each turn waits for 20 ms.
    const elapsed = performance.now() - since;
    assert.ok(after - before < (200 * elapsed) / 500, `${after - before} turns in ${elapsed} ms`);
    // The accepted ones are served; each that leaves makes room for one that waits.
    for (const client of clients) {
      await echoes(client);
      client.destroy();
    }
  } finally {
    server.kill();
    await once(server, 'exit');
  }
});
