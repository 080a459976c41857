import assert from 'node:assert/strict';
import { createServer, type Server } from 'node:http';
import { createServer as createSecureServer } from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import { type TestContext, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { issue } from '../certificates/issue.ts';
import { echoOrigin } from '../websocket/echo-origin.ts';
import { Crowd } from './crowd.ts';
import type { Kind } from './program.ts';
import type { Report } from './tally.ts';

const PATIENT = { path: '/', tls: null, think: 5, fresh: false, sticky: false } as const;

/** How often each thing has happened to a kind of client, in all phases so far. */
type Sum = Pick<Report, 'answered' | 'failures' | 'closed' | 'retired' | 'moved'>;
type Sums = Readonly<Record<string, Sum>>;

async function listening(t: TestContext, server: Server): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.after(() => server.close().closeAllConnections());
  return (server.address() as AddressInfo).port;
}

function started(t: TestContext, kinds: readonly Kind[]): Crowd {
  const crowd = new Crowd(kinds);
  t.after(() => crowd.kill());
  return crowd;
}

/** Has phases end until all of them together are enough. */
async function untilTold(crowd: Crowd, isEnough: (sums: Sums) => boolean): Promise<Sums> {
  for (let sums: Sums = {}; ; await sleep(20)) {
    const reports = await crowd.phase();
    sums = Object.fromEntries(Object.entries(reports).map(([name, report]) => [name, added(sums[name], report)]));
    if (isEnough(sums)) return sums;
  }
}

function added(one: Sum = { answered: 0, failures: {}, closed: 0, retired: 0, moved: 0 }, other: Sum): Sum {
  const failures = { ...one.failures };
  for (const [how, count] of Object.entries(other.failures)) failures[how] = (failures[how] ?? 0) + count;
  const sum = (of: 'answered' | 'closed' | 'retired' | 'moved') => one[of] + other[of];
  return { answered: sum('answered'), failures, closed: sum('closed'), retired: sum('retired'), moved: sum('moved') };
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
  const seen: Record<string, number> = { '/kept': 0, '/fresh': 0 };
  const port = await listening(
    t,
    createServer(({ url }, response) => {
      seen[url!]!++;
      response.end('one');
    }),
  );
  const crowd = started(t, [
    http('kept', port, { path: '/kept' }),
    http('fresh', port, { path: '/fresh', fresh: true }),
  ]);
  while (Math.min(...Object.values(seen)) < 30) await sleep(5);
  const first = await crowd.phase();
  const second = await crowd.stop();
  for (const name of ['kept', 'fresh']) {
    const { answered, failures, closed, p50, p99, slowest } = first[name];
    assert.ok(answered > 10, `${name}: ${answered}`);
    assert.deepEqual([failures, closed], [{}, 0]);
    assert.ok(p50 > 0 && p50 <= p99 && p99 <= slowest * 1.05, `${p50} ${p99} ${slowest}`);
    assert.equal(answered + second[name].answered, seen[`/${name}`], 'each in one phase');
  }
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
  const crowd = started(t, [
    http('erring', await listening(t, erring)),
    http('cutting', await listening(t, cutting)),
    http('leaving', await listening(t, leaving), { think: 100 }),
    http('polite', await listening(t, polite)),
    http('dead', deadPort),
  ]);
  const isTold = ({ closed, retired, failures }: Sum) => closed + retired > 0 || Object.keys(failures).length > 0;
  const sums = await untilTold(crowd, (all) => Object.values(all).every(isTold) && all['leaving'].closed > 0);
  assert.deepEqual(Object.keys(sums['erring'].failures), ['status 503']);
  assert.ok(sums['erring'].answered > 0);
  assert.deepEqual(Object.keys(sums['cutting'].failures), ['closed within the answer']);
  assert.ok(sums['polite'].retired > 0);
  assert.deepEqual([sums['polite'].closed, sums['polite'].failures], [0, {}]);
  assert.deepEqual(Object.keys(sums['dead'].failures), ['connecting: ECONNREFUSED']);
});

test('a session that meets another target is told', async (t) => {
  const back = new Set<Socket>();
  const port = await listening(
    t,
    createServer(({ headers, socket }, response) => {
      if (headers.cookie !== undefined) back.add(socket);
      response.setHeader('set-cookie', 'A=1; Path=/').end(headers.cookie === undefined ? 'one' : 'two');
    }),
  );
  const crowd = started(t, [http('sticky', port, { clients: 3, sticky: true })]);
  while (back.size < 3) await sleep(5);
  assert.equal((await crowd.stop())['sticky'].moved, 3);
});

test('TLS clients check who answers', async (t) => {
  const authority = issue({ commonName: 'authority', ca: true });
  const { certificate: cert, key } = issue({ names: ['a.test'], issuer: authority });
  const port = await listening(
    t,
    createSecureServer({ cert, key }, (_, response) => response.end('one')),
  );
  const tls = (authority: string) => ({ tls: { authority, serverName: 'a.test' } });
  const crowd = started(t, [
    http('right', port, tls(authority.certificate)),
    http('wrong', port, tls(issue({ ca: true }).certificate)),
  ]);
  const { right, wrong } = await untilTold(
    crowd,
    (all) => all['right'].answered > 10 && Object.keys(all['wrong'].failures).length > 0,
  );
  assert.deepEqual(right.failures, {});
  assert.equal(wrong.answered, 0);
  assert.match(Object.keys(wrong.failures)[0], /^connecting: /);
});

test('messages are echoed, and a tunnel that ends is told', async (t) => {
  const origin = await echoOrigin();
  const crowd = started(t, [
    { name: 'sockets', clients: 3, protocol: 'websocket', host: '127.0.0.1', port: origin.port, think: 5 },
  ]);
  // Each of them has its tunnel by then, and has sent something.
  const isUp = () => origin.connections.length === 3 && origin.connections.every(({ bytes }) => bytes().length > 0);
  const { sockets: before } = await untilTold(crowd, (all) => all['sockets'].answered > 10 && isUp());
  assert.deepEqual([before.failures, before.closed], [{}, 0]);
  await origin.close();
  const { sockets } = await untilTold(crowd, (all) => all['sockets'].closed >= 3);
  assert.equal(sockets.closed, 3);
});
