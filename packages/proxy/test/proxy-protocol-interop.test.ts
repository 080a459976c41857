import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { requiresReactor } from '@evenkeel/testbed/reactors.ts';
import { locate, requires } from '@evenkeel/testbed/requirements.ts';
import { freePort, httpOrigin, type Origin } from './exchange.ts';
import { Front } from './front.ts';

/** Ports of a HAProxy that speaks PROXY to the front, by version, and of one that is spoken to and says what it heard. */
interface Ports {
  readonly sends: Readonly<Record<1 | 2, number>>;
  readonly hears: number;
}

function configuration({ sends, hears }: Ports, front: number): string {
  return `defaults
  mode http
  timeout connect 30s
  timeout client 30s
  timeout server 30s
listen v1
  bind 127.0.0.1:${sends[1]}
  server front 127.0.0.1:${front} send-proxy
listen v2
  bind 127.0.0.1:${sends[2]}
  server front 127.0.0.1:${front} send-proxy-v2 proxy-v2-options crc32c,unique-id
frontend hears
  bind 127.0.0.1:${hears} accept-proxy
  http-request return status 200 content-type text/plain lf-string "%[src]:%[src_port] %[dst]:%[dst_port]"
`;
}

for (const reactor of ['uring', 'portable'] as const) {
  const skip = requiresReactor(reactor) || requires('haproxy');
  describe(`PROXY protocol with HAProxy on ${reactor}`, { skip, timeout: 60_000 }, () => {
    let front: Front;
    let ports: Ports;
    let haproxy: ChildProcess;
    let folder: string;
    let origin: Origin;

    before(async () => {
      front = await Front.open(reactor);
      origin = await httpOrigin((request, response) => response.end(String(request.headers['x-forwarded-for'])));
      ports = { sends: { 1: await freePort(), 2: await freePort() }, hears: await freePort() };
      folder = await mkdtemp(join(tmpdir(), 'evenkeel-haproxy-'));
      const file = join(folder, 'haproxy.cfg');
      await writeFile(file, configuration(ports, front.port));
      haproxy = spawn(locate('haproxy') ?? 'haproxy', ['-db', '-q', '-f', file], { stdio: 'inherit' });
      await listening(ports.hears);
    });

    after(async () => {
      const gone = once(haproxy, 'exit');
      haproxy.kill('SIGKILL');
      await gone;
      await rm(folder, { recursive: true });
      await front.engine.stop(1_000);
      await origin.close();
    });

    for (const version of [1, 2] as const) {
      it(`understands its version ${version}`, async () => {
        await front.plan([origin.port], { trustedProxies: ['127.0.0.1'], acceptProxyProtocol: true });
        const answer = await get(ports.sends[version], '127.8.0.9');
        assert.equal(answer.body, '127.8.0.9');
        const [line] = await front.lines(1);
        assert.deepEqual([line?.['client_ip'], line?.['client_port']], ['127.8.0.9', answer.from]);
        assert.match(String(line?.['sender'] ?? ''), /^$/, 'the proxy announced its client, and is none itself');
      });

      it(`is understood in version ${version}`, async () => {
        await front.plan([ports.hears], {}, { proxyProtocol: version });
        const answer = await get(front.port, '127.8.0.9');
        assert.equal(answer.body, `127.8.0.9:${answer.from} 127.0.0.1:${front.port}`);
      });
    }
  });
}

/** Asks once from an address, and tells from which port. */
async function get(port: number, from: string): Promise<{ body: string; from: number }> {
  const socket = connect({ port, host: '127.0.0.1', localAddress: from });
  await once(socket, 'connect');
  const own = socket.localPort ?? 0;
  socket.write('GET / HTTP/1.1\r\nHost: a.test\r\nConnection: close\r\n\r\n');
  let text = '';
  for await (const chunk of socket) text += String(chunk);
  return { body: text.split('\r\n\r\n')[1] ?? '', from: own };
}

async function listening(port: number): Promise<void> {
  for (;;) {
    const socket = connect({ port, host: '127.0.0.1' });
    const up = await new Promise<boolean>((resolve) => {
      socket.on('connect', () => resolve(true)).on('error', () => resolve(false));
    });
    socket.destroy();
    if (up) return;
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}
