import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { createReactor } from '@evenkeel/proxy/reactor/choose.ts';
import { arrivals } from './arrivals.ts';
import { paced } from './paced.ts';

const { reactor, reason } = createReactor('auto');
const skip = reactor.name === 'uring' ? false : `the paced client takes io_uring: ${reason}`;
reactor.destroy();

/** Asks a server of this process at a rate that it can serve. */
async function ask(t: TestContext, hosts: number | undefined, answer: RequestListener) {
  // One that ends no connection by itself, however long the client waits for what never comes.
  const server = createServer({ keepAliveTimeout: 0 }, answer).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const directory = mkdtempSync(join(tmpdir(), 'paced-'));
  t.after(() => {
    server.closeAllConnections();
    server.close();
    rmSync(directory, { recursive: true });
  });
  const { port } = server.address() as AddressInfo;
  const load = { address: '127.0.0.1', port, path: '/x', connections: 4, rate: 200, leadSeconds: 0.5, seconds: 0.5 };
  return paced({ ...load, seed: 3, core: null, ...(hosts === undefined ? {} : { hosts }), cookie: 'SRV=a' }, directory);
}

const DUE = arrivals(200, 1, 3);
const BEHIND_LEAD = DUE.filter((at) => at >= 500).length;

test('each request that is due behind the lead is told of, and the client asks as a browser', { skip }, async (t) => {
  const seen = new Set<string>();
  const answered = await ask(t, 2, (request, response) => {
    seen.add(`${request.url} ${request.headers.host} ${request.headers.cookie?.endsWith('; SRV=a')}`);
    response.end('hello');
  });
  assert.equal(answered.length, BEHIND_LEAD);
  assert.ok(answered.every(({ status, took }) => status === 200 && took > 0));
  assert.deepEqual([...seen].sort(), ['/x h0.example.com true', '/x h1.example.com true']);
});

test('a refusal is told of with its status, and an answer that never comes as one that failed', { skip }, async (t) => {
  // Each connection begins with a request that is not counted.
  let left = DUE.length + 4;
  const answered = await ask(t, undefined, (_request, response) => {
    left--;
    if (left === 10) response.writeHead(503, { 'content-length': 3 }).end('no!');
    else if (left !== 0) response.end('hello');
  });
  const statuses = answered.map(({ status }) => status);
  assert.equal(statuses.length, BEHIND_LEAD);
  assert.equal(statuses.filter((status) => status === 503).length, 1);
  assert.equal(statuses.filter((status) => status === -1).length, 1);
  assert.equal(statuses.filter((status) => status === 200).length, BEHIND_LEAD - 2);
});
