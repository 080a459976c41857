import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type AddressInfo, connect as dial } from 'node:net';
import { type TestContext, test } from 'node:test';
import { createServer } from 'node:tls';
import { issue } from '@evenkeel/testbed/certificates/issue.ts';
import { secureConnect, secureServer } from './secure-stream.ts';
import { sharingKey } from './sharing-key.ts';
import type { SharingKey } from './sharing-keys.ts';

const HOST = '127.0.0.1';
const KEY: SharingKey = { id: null, secret: sharingKey('the token of all nodes') };
const ZONE_KEY: SharingKey = { id: 'k1', secret: Buffer.alloc(32, 7) };

async function serve(t: TestContext) {
  const heard: string[] = [];
  const names: string[] = [];
  const server = secureServer({
    key: (id) => [KEY, ZONE_KEY].find((key) => key.id === id)?.secret ?? null,
    onPeer: (socket, node, key) => {
      names.push(key === null ? node : `${node} by ${key}`);
      socket.on('data', (bytes: Buffer) => heard.push(String(bytes)));
      socket.write('welcome');
    },
  });
  server.listen(0, HOST);
  await once(server, 'listening');
  t.after(() => server.close());
  return { port: (server.address() as AddressInfo).port, names, heard };
}

test('who has the key is heard, under its name, with a fresh key exchange', async (t) => {
  const { port, names } = await serve(t);
  const socket = await secureConnect(HOST, port, KEY, 'node-1');
  const [welcome] = (await once(socket, 'data')) as [Buffer];
  assert.equal(String(welcome), 'welcome');
  assert.equal(socket.getProtocol(), 'TLSv1.3');
  assert.notDeepEqual(socket.getEphemeralKeyInfo(), {}, 'forward secrecy');
  assert.deepEqual(names, ['node-1']);
  socket.destroy();
});

test('who has another key is not', async (t) => {
  const { port, names } = await serve(t);
  await assert.rejects(
    secureConnect(HOST, port, { ...KEY, secret: sharingKey('another token') }, 'node-1'),
    /SSL|decrypt|closed/i,
  );
  assert.deepEqual(names, []);
});

test('a key of the zone is known by its name; one that is good no more opens nothing', async (t) => {
  const { port, names } = await serve(t);
  const socket = await secureConnect(HOST, port, ZONE_KEY, 'node-1');
  await once(socket, 'data');
  socket.destroy();
  assert.deepEqual(names, ['node-1 by k1']);
  await assert.rejects(secureConnect(HOST, port, { ...ZONE_KEY, id: 'k0' }, 'node-1'), /SSL|decrypt|closed/i);
  await assert.rejects(secureConnect(HOST, port, { ...ZONE_KEY, id: null }, 'node-1'), /SSL|decrypt|closed/i);
  assert.equal(names.length, 1);
});

test('who speaks no TLS is not', async (t) => {
  const { port, names } = await serve(t);
  const socket = dial(port, HOST);
  socket.write('GET / HTTP/1.1\r\n\r\n');
  socket.on('error', () => {});
  socket.resume();
  await once(socket, 'close');
  assert.deepEqual(names, []);
});

test('a server with a certificate in place of the key is refused', async (t) => {
  const { key, certificate: cert } = issue({ addresses: [HOST] });
  const server = createServer({ key, cert, minVersion: 'TLSv1.3' }, (socket) => {
    socket.on('error', () => {});
    assert.fail('the client goes on');
  });
  server.on('tlsClientError', () => {});
  server.listen(0, HOST);
  await once(server, 'listening');
  t.after(() => server.close());
  await assert.rejects(secureConnect(HOST, (server.address() as AddressInfo).port, KEY, 'node-1'));
});

test('nobody there is an error that says so', async () => {
  const server = createServer().listen(0, HOST);
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  await assert.rejects(secureConnect(HOST, port, KEY, 'node-1'), { code: 'ECONNREFUSED' });
});
