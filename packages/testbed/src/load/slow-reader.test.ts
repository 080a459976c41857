import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, test } from 'node:test';
import { readSlowly } from './slow-reader.ts';

const BODY = Buffer.alloc(8 * 1024 * 1024, 'x');
let server: Server;

beforeEach(async () => {
  server = createServer((_request, response) => {
    response.writeHead(200, { 'content-length': BODY.length }).end(BODY);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
});

afterEach(() => {
  server.closeAllConnections();
  server.close();
});

const options = (bytesPerSecond: number) => ({
  address: '127.0.0.1',
  port: (server.address() as AddressInfo).port,
  path: '/',
  bytesPerSecond,
});

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setImmediate(resolve));
}

test('a reader never gets ahead of its rate by more than two chunks', async () => {
  const rate = 4 * 1024 * 1024;
  const start = performance.now();
  const reader = readSlowly(options(rate));
  await until(() => reader.bytes >= 1024 * 1024);
  const allowed = (rate * (performance.now() - start)) / 1000 + 2 * 64 * 1024;
  assert.ok(reader.bytes <= allowed, `${reader.bytes} bytes, ${allowed} allowed`);
  assert.equal(reader.ended, null);
  reader.close();
  assert.equal(reader.ended, 'closed by the reader');
});

test('a reader says why the download ended', async () => {
  const reader = readSlowly(options(1024 * 1024 * 1024));
  await until(() => reader.bytes > BODY.length);
  server.closeAllConnections();
  await until(() => reader.ended !== null);
  assert.match(reader.ended ?? '', /closed|ECONNRESET/);
});
