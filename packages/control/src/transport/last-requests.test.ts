import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { type AddressInfo, connect, type Socket } from 'node:net';
import { text } from 'node:stream/consumers';
import { test } from 'node:test';
import { LastRequests } from './last-requests.ts';

const ASK = 'GET / HTTP/1.1\r\nHost: a\r\n\r\n';

test('what comes on connections that are there is answered and ends them; others are not accepted', async (t) => {
  const server = createServer((_, response) => response.end('done'));
  const last = new LastRequests(server);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const open = async (): Promise<Socket> => {
    const socket = connect(port, '127.0.0.1');
    t.after(() => socket.destroy());
    await once(server, 'connection');
    return socket;
  };
  const [silent, kept] = [await open(), await open()];
  kept.write(ASK);
  await once(kept, 'data');
  const ended = last.answer();
  await assert.rejects(once(connect(port, '127.0.0.1'), 'connect'), { code: 'ECONNREFUSED' });
  for (const socket of [silent, kept]) {
    socket.write(ASK);
    assert.match(await text(socket), /^HTTP\/1\.1 200 [\s\S]*connection: close\r\n[\s\S]*done$/i);
  }
  await ended;
  const closed = once(server, 'close');
  server.close();
  await closed;
});

test('a connection that is kept and idle holds it up for a moment', async (t) => {
  const server = createServer((_, response) => response.end('done'));
  const last = new LastRequests(server);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const kept = connect((server.address() as AddressInfo).port, '127.0.0.1');
  t.after(() => kept.destroy());
  kept.write(ASK);
  await once(kept, 'data');
  await last.answer();
  assert.equal(kept.readyState, 'open');
  server.close();
  await once(kept, 'close');
});
