import assert from 'node:assert/strict';
import { createServer, type Server } from 'node:http';
import { createServer as createSecureServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { type TestContext, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { issue } from '../certificates/issue.ts';
import { echoOrigin } from '../websocket/echo-origin.ts';
import { Crowd } from './crowd.ts';
import type { Kind } from './program.ts';
import type { Reports } from './tally.ts';

const PATIENT = { path: '/', tls: null, think: 5, fresh: false, sticky: false } as const;

async function listening(t: TestContext, server: Server): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.after(() => server.close().closeAllConnections());
  return (server.address() as AddressInfo).port;
}

/** What has become of them when each kind has something to tell. */
async function told(t: TestContext, kinds: readonly Kind[]): Promise<Reports> {
  const crowd = new Crowd(kinds);
  t.after(() => crowd.kill());
  await sleep(1_000);
  return crowd.stop();
}

const http = (name: string, port: number, more: object = {}): Kind => ({
  ...PATIENT,
  name,
  clients: 2,
  protocol: 'http',
  host: '127.0.0.1',
  port,
  ...more,
});

test('answers are counted by phase, and take some time', async (t) => {
  const port = await listening(
    t,
    createServer((_, response) => response.end('one')),
  );
  const crowd = new Crowd([http('kept', port), http('fresh', port, { fresh: true })]);
  t.after(() => crowd.kill());
  await sleep(500);
  const first = await crowd.phase();
  const second = await crowd.stop();
  for (const name of ['kept', 'fresh']) {
    const { answered, failures, closed, p50, p99, slowest } = first[name];
    assert.ok(answered > 10, `${name}: ${answered}`);
    assert.deepEqual([failures, closed], [{}, 0]);
    assert.ok(p50 > 0 && p50 <= p99 && p99 <= slowest * 1.05, `${p50} ${p99} ${slowest}`);
  }
  assert.ok(second['kept'].answered < first['kept'].answered);
});

test('other answers, early ends, refusals and closed connections are told apart', async (t) => {
  let count = 0;
  const erring = createServer((_, response) => {
    response.statusCode = count++ % 2 === 0 ? 200 : 503;
    response.end('x');
  });
  const cutting = createServer((_, response) => {
    response.setHeader('content-length', '10');
    response.write('half', () => response.destroy());
  });
  const leaving = createServer({ keepAliveTimeout: 1 }, (_, response) => response.end('bye'));
  leaving.on('request', ({ socket }) => setTimeout(() => socket.destroy(), 20));
  const polite = createServer((_, response) => response.setHeader('connection', 'close').end('bye'));
  const dead = createServer();
  const deadPort = await listening(t, dead);
  await new Promise((resolve) => dead.close(resolve));
  const reports = await told(t, [
    http('erring', await listening(t, erring)),
    http('cutting', await listening(t, cutting)),
    http('leaving', await listening(t, leaving), { think: 100 }),
    http('polite', await listening(t, polite)),
    http('dead', deadPort),
  ]);
  assert.deepEqual(Object.keys(reports['erring'].failures), ['status 503']);
  assert.deepEqual(Object.keys(reports['cutting'].failures), ['closed within the answer']);
  assert.ok(reports['leaving'].closed > 0);
  assert.ok(reports['polite'].retired > 0);
  assert.deepEqual([reports['polite'].closed, reports['polite'].failures], [0, {}]);
  assert.deepEqual(Object.keys(reports['dead'].failures), ['connecting: ECONNREFUSED']);
});

test('a session that meets another target is told', async (t) => {
  let count = 0;
  const port = await listening(
    t,
    createServer((_, response) => response.setHeader('set-cookie', 'A=1; Path=/').end(count++ < 10 ? 'one' : 'two')),
  );
  const { sticky } = await told(t, [http('sticky', port, { clients: 3, sticky: true })]);
  assert.equal(sticky.moved, 3);
});

test('TLS clients check who answers', async (t) => {
  const authority = issue({ commonName: 'authority', ca: true });
  const { certificate: cert, key } = issue({ names: ['a.test'], issuer: authority });
  const port = await listening(
    t,
    createSecureServer({ cert, key }, (_, response) => response.end('one')),
  );
  const tls = (authority: string) => ({ tls: { authority, serverName: 'a.test' } });
  const reports = await told(t, [
    http('right', port, tls(authority.certificate)),
    http('wrong', port, tls(issue({ ca: true }).certificate)),
  ]);
  assert.ok(reports['right'].answered > 10);
  assert.equal(reports['wrong'].answered, 0);
  assert.match(Object.keys(reports['wrong'].failures)[0], /^connecting: /);
});

test('messages are echoed, and a tunnel that ends is told', async (t) => {
  const origin = await echoOrigin();
  const crowd = new Crowd([
    { name: 'sockets', clients: 3, protocol: 'websocket', host: '127.0.0.1', port: origin.port, think: 5 },
  ]);
  t.after(() => crowd.kill());
  await sleep(500);
  const before = (await crowd.phase())['sockets'];
  assert.ok(before.answered > 10);
  assert.deepEqual([before.failures, before.closed], [{}, 0]);
  await origin.close();
  await sleep(300);
  assert.equal((await crowd.stop())['sockets'].closed, 3);
});
