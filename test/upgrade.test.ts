import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import type { Duplex } from 'node:stream';
import { text } from 'node:stream/consumers';
import { describe, type TestContext, test } from 'node:test';
import { createClient } from '@evenkeel/client/client.ts';
import { waitApplied } from '@evenkeel/client/wait.ts';
import { requiresReactor } from '@evenkeel/testbed/reactors.ts';
import { adminToken, Evenkeel, pidOf, runningOn, temporaryHome } from '../packages/cli/test/evenkeel.ts';
import { Download, hashOfPattern, sendPattern } from './product/download.ts';
import { Newcomers } from './product/newcomers.ts';
import { Traffic } from './product/traffic.ts';
import { until } from './product/until.ts';
import { UpgradedConnection } from './product/upgraded-connection.ts';

/** A node agent goes, and another one accepts from its sockets: under load, with the supervisor that users run. */

const PORT = 8080;
const BODY = 48 * 1024 * 1024;
const DRAINING = 'node agent (draining)';

async function origin(t: TestContext): Promise<number> {
  const server = createServer((request: IncomingMessage, response: ServerResponse) => {
    if (request.url === '/large') void sendPattern(response, BODY);
    else response.end('hello');
  });
  server.on('upgrade', (_request: IncomingMessage, socket: Duplex) => {
    socket.on('error', () => undefined);
    socket.write('HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n');
    socket.pipe(socket);
  });
  server.keepAliveTimeout = 60_000;
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => {
    server.close();
    server.closeAllConnections();
  });
  return (server.address() as AddressInfo).port;
}

/** A running installation with one load balancer. */
async function installation(t: TestContext, reactor: string) {
  const home = temporaryHome(t);
  const evenkeel = new Evenkeel(home, ['--no-demo', '--reactor', reactor, '--workers', '2', '--drain-timeout', '1']);
  const { url } = await evenkeel.ready();
  const client = createClient({ url: String(url), token: adminToken(home) });
  const service = { targets: [{ address: '127.0.0.1', port: await origin(t) }], healthCheck: { interval: 1 } };
  const body = { name: 'web', listeners: [{ name: 'web', protocol: 'http' as const, port: PORT, service }] };
  const created = await client.createLoadBalancer({ body });
  const { status } = await waitApplied(client, created.operationId, { timeout: 30_000 });
  assert.equal(status, 'applied');
  return { home, evenkeel, vip: created.vip, client, api: Number(new URL(String(url)).port) };
}

/** What clients of the API ask, while they are of little weight to the machine. */
const API = { path: '/healthz', pause: 5 };

async function upgrade(home: string, ...args: string[]): Promise<string> {
  const bin = join(import.meta.dirname, '..', 'bin', 'evenkeel.mjs');
  const child = spawn(process.execPath, [bin, 'upgrade', '--home', home, ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const [stdout, stderr, [code]] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'close')]);
  assert.equal(code, 0, stderr);
  return stdout;
}

for (const reactor of ['uring', 'portable'] as const) {
  describe(`sockets that outlive the node agent (${reactor})`, { skip: requiresReactor(reactor) }, () => {
    test('kill -9 of the agent: no connection is refused', async (t) => {
      const { home, evenkeel, vip } = await installation(t, reactor);
      const clients = new Newcomers(vip, PORT, 16);
      t.after(() => clients.stop());
      await until('traffic flows', () => clients.answered > 200);
      for (let kills = 1; kills <= 2; kills++) {
        process.kill(pidOf(home, 'node agent') as number, 'SIGKILL');
        const before = clients.answered;
        await until('traffic flows again', () => clients.answered > before + 200);
      }
      await evenkeel.says(/node agent is back/);
      await clients.stop();
      const lost = [...clients.outcomes].filter(([outcome]) => outcome !== '200');
      t.diagnostic(`${clients.answered} answered; lost with the process: ${JSON.stringify(lost)}`);
      assert.deepEqual(
        lost.map(([outcome]) => outcome).filter((outcome) => !/^(ECONNRESET|closed without an answer)$/.test(outcome)),
        [],
        'what is lost was in flight, and nothing was refused',
      );
      const inFlight = lost.reduce((sum, [, count]) => sum + count, 0);
      assert.ok(inFlight <= 2 * 16, `${inFlight} requests were lost: at most one of each client in each kill`);
    });

    test('an upgrade under load: nothing is refused, nothing fails, and streams go on', async (t) => {
      const { home, evenkeel, vip, client, api } = await installation(t, reactor);
      const sockets = await Promise.all(Array.from({ length: 20 }, () => UpgradedConnection.open(vip, PORT)));
      t.after(() => sockets.map((socket) => socket.close()));
      const download = await Download.start(`http://${vip}:${PORT}/large`, 2 * 1024 * 1024);
      const crowd = new Traffic(`http://${vip}:${PORT}/`, 8);
      t.after(() => crowd.stop());
      const newcomers = new Newcomers(vip, PORT, 8);
      t.after(() => newcomers.stop());
      const operators = new Newcomers('127.0.0.1', api, 2, API);
      t.after(() => operators.stop());
      await until('traffic flows', () => crowd.answered > 200 && newcomers.answered > 200);
      const old = pidOf(home, 'node agent');

      const said = await upgrade(home, '--drain-timeout', '120');
      assert.match(said, /^The new node agent serves [\s\S]*The new control plane answers\.\n$/);
      assert.notEqual(pidOf(home, 'node agent'), old);
      assert.equal(pidOf(home, DRAINING), old, 'the old one is there for its streams');
      const [crowdBefore, newBefore] = [crowd.answered, newcomers.answered];
      await until('traffic goes on', () => crowd.answered > crowdBefore + 200 && newcomers.answered > newBefore + 200);
      assert.deepEqual(
        new Set(await Promise.all(sockets.map((socket) => socket.echoes('still here')))),
        new Set([true]),
      );
      assert.equal(download.ended, false);
      assert.equal(await download.finish(), hashOfPattern(BODY));
      await Promise.all([crowd.stop(), newcomers.stop(), operators.stop()]);
      assert.deepEqual(crowd.failures, []);
      assert.deepEqual([...newcomers.outcomes.keys()], ['200']);
      assert.deepEqual([...operators.outcomes.keys()], ['200'], 'who asked the API waited for the new control plane');
      const { items } = await client.listLoadBalancers();
      assert.equal(items.length, 1, 'the new control plane has the state');

      for (const socket of sockets) socket.close();
      await evenkeel.says(/the one before the upgrade \(process \d+\) has ended/);
      assert.equal(pidOf(home, DRAINING), null, 'it is gone when its streams are, long before its deadline');
      t.diagnostic(`${crowd.answered + newcomers.answered} requests`);
      evenkeel.signal('SIGINT');
      assert.equal(await evenkeel.ended(), 0);
    });

    test('the old agent is gone by its deadline, with what had not ended', async (t) => {
      const { home, evenkeel, vip } = await installation(t, reactor);
      const socket = await UpgradedConnection.open(vip, PORT);
      t.after(() => socket.close());
      await upgrade(home, '--drain-timeout', '2', '--agent-only');
      assert.ok(await socket.echoes('not yet'));
      await evenkeel.says(/the one before the upgrade \(process \d+\) has ended/);
      // Its stream would hold it for ever.
      assert.doesNotMatch(evenkeel.stdout, /is killed/, 'it has ended by itself');
      await until('it is cut', () => socket.closed);
      assert.equal((await UpgradedConnection.open(vip, PORT)).closed, false);
    });
  });
}

test('an agent that hangs is killed and replaced: no connection is refused', async (t) => {
  const { home, evenkeel, vip } = await installation(t, 'auto');
  const clients = new Newcomers(vip, PORT, 8);
  t.after(() => clients.stop());
  await until('traffic flows', () => clients.answered > 100);
  process.kill(pidOf(home, 'node agent') as number, 'SIGSTOP');
  await evenkeel.says(/node agent has shown no sign of life for 15 s and is killed/);
  const before = clients.answered;
  await until('traffic flows again', () => clients.answered > before + 100);
  await clients.stop();
  const outcomes = [...clients.outcomes.keys()].filter((outcome) => outcome !== '200');
  assert.deepEqual(
    outcomes.filter((outcome) => !/^(ECONNRESET|closed without an answer|no answer in time)$/.test(outcome)),
    [],
  );
});

test('a control plane that hangs is killed and replaced: no request fails, and changes reach traffic again', async (t) => {
  const { home, evenkeel, vip, client } = await installation(t, 'auto');
  const crowd = new Traffic(`http://${vip}:${PORT}/`, 4);
  t.after(() => crowd.stop());
  await until('traffic flows', () => crowd.answered > 100);
  const [agent, control] = [pidOf(home, 'node agent'), pidOf(home, 'control plane')];
  process.kill(control as number, 'SIGSTOP');
  await evenkeel.says(/control plane has shown no sign of life for 15 s and is killed/);
  await evenkeel.says(/control plane is back/);
  assert.notEqual(pidOf(home, 'control plane'), control);
  assert.equal(pidOf(home, 'node agent'), agent, 'traffic has nothing to do with it');
  const { items } = await client.listListeners();
  const body = { name: 'renamed', idleTimeout: 50 };
  const { operationId } = await client.updateListener({ params: { listenerId: items[0]!.id }, body });
  assert.equal((await waitApplied(client, operationId, { timeout: 30_000 })).status, 'applied');
  await crowd.stop();
  assert.deepEqual(crowd.failures, []);
});

test('the old agent is killed in the middle of an upgrade: nothing is refused, and the next upgrade goes through', async (t) => {
  const { home, evenkeel, vip } = await installation(t, 'auto');
  const clients = new Newcomers(vip, PORT, 4);
  t.after(() => clients.stop());
  await until('traffic flows', () => clients.answered > 100);
  const old = pidOf(home, 'node agent') as number;
  const running = upgrade(home).catch((error: Error) => error);
  await until('the new one is there', () => {
    const agents = runningOn(home)?.processes.filter(({ name }) => name.startsWith('node agent')) ?? [];
    return agents.some(({ pid }) => pid !== old);
  });
  process.kill(old, 'SIGKILL');
  // Whether it is finished with the new one or taken back, somebody serves.
  t.diagnostic(String(await running));
  const before = clients.answered;
  await until('traffic flows again', () => clients.answered > before + 100);
  const upgraded = await upgrade(home);
  assert.match(upgraded, /The new node agent serves/);
  const after = clients.answered;
  await until('traffic goes on', () => clients.answered > after + 100);
  await clients.stop();
  const lost = [...clients.outcomes].filter(([outcome]) => outcome !== '200');
  assert.deepEqual(
    lost.map(([outcome]) => outcome).filter((outcome) => !/^(ECONNRESET|closed without an answer)$/.test(outcome)),
    [],
    'what is lost was in flight, and nothing was refused',
  );
  assert.ok(lost.reduce((sum, [, count]) => sum + count, 0) <= 4, 'at most one request of each client');
  evenkeel.signal('SIGINT');
  assert.equal(await evenkeel.ended(), 0);
});

test('a version that does not come up leaves the old one as it is', async (t) => {
  const { home, evenkeel, vip } = await installation(t, 'auto');
  const clients = new Newcomers(vip, PORT, 4);
  t.after(() => clients.stop());
  const old = pidOf(home, 'node agent');
  // It stands by, and is killed there.
  const running = upgrade(home).catch((error: Error) => error);
  await until('the new one is there', () => {
    const agents = runningOn(home)?.processes.filter(({ name }) => name === 'node agent') ?? [];
    const next = agents.find(({ pid }) => pid !== old);
    if (next !== undefined) process.kill(next.pid, 'SIGKILL');
    return next !== undefined;
  });
  const failure = await running;
  assert.match(String(failure), /The old version goes on\. The node agent ended while it was upgraded \(SIGKILL\)/);
  assert.equal(pidOf(home, 'node agent'), old);
  const before = clients.answered;
  await until('traffic goes on', () => clients.answered > before + 100);
  await clients.stop();
  assert.deepEqual([...clients.outcomes.keys()], ['200']);
  assert.match(await upgrade(home), /The new node agent serves/);
  evenkeel.signal('SIGINT');
  assert.equal(await evenkeel.ended(), 0);
});
