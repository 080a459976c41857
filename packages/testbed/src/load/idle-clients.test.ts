import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, test } from 'node:test';
import { openIdleClients } from './idle-clients.ts';

let server: Server;
let requests: number;
const sources = new Set<string>();

beforeEach(async () => {
  requests = 0;
  sources.clear();
  server = createServer((request, response) => {
    requests += 1;
    sources.add(request.socket.remoteAddress ?? '');
    response.writeHead(request.url === '/missing' ? 404 : 200, { 'content-length': '4' }).end('body');
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
});

afterEach(() => {
  server.closeAllConnections();
  server.close();
});

const options = (path: string, count: number) => ({
  address: '127.0.0.1',
  port: (server.address() as AddressInfo).port,
  path,
  count,
});

test('every client sends one request and stays open, from several addresses', async () => {
  const clients = await openIdleClients(options('/', 100));
  assert.equal(requests, 100);
  assert.equal(clients.open, 100);
  assert.equal(sources.size, 8);
  clients.close();
});

test('an answer other than 200 fails the whole', async () => {
  await assert.rejects(openIdleClients(options('/missing', 3)), /answered HTTP\/1.1 404/);
});

test('nobody listening fails the whole', async () => {
  const gone = options('/', 1);
  server.close();
  await once(server, 'close');
  await assert.rejects(openIdleClients(gone), /ECONNREFUSED/);
});

test('a connection that the server closes is no longer counted as open', async () => {
  const clients = await openIdleClients(options('/', 2));
  server.closeAllConnections();
  while (clients.open > 0) await new Promise((resolve) => setImmediate(resolve));
  assert.equal(clients.open, 0);
});
