import assert from 'node:assert/strict';
import { once } from 'node:events';
import { existsSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { createServer as createHttpServer } from 'node:http';
import { type AddressInfo, createServer } from 'node:net';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, type TestContext, test } from 'node:test';
import { planOf } from '@evenkeel/model/plan/delta.ts';
import { planEntry } from '@evenkeel/model/plan/hash.ts';
import type { PlannedListener } from '@evenkeel/model/plan/objects.ts';
import type { NodePlan } from '@evenkeel/model/plan/plan.ts';
import { AgentProcess, writeToken } from './agent-process.ts';
import { temporaryDirectory } from './directory.ts';
import { FakeControl } from './fake-control.ts';
import { freePort, Origin } from './origin.ts';
import { plannedCheck, plannedGroup, plannedListener, plannedService, plannedTarget } from './planned.ts';

/** The node agent as users run it: a process with a real engine, real sockets, a WebSocket to a control plane. */

const NOBODY = 'http://127.0.0.1:9';
const VIP = '127.0.0.77';

let directory = temporaryDirectory();
const ends: (() => Promise<unknown>)[] = [];

beforeEach(() => {
  directory = temporaryDirectory();
  writeToken(directory.path);
});

afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
  directory.remove();
});

async function control(plan: NodePlan | null, port = 0): Promise<FakeControl> {
  const one = await FakeControl.listen(port);
  one.plan = plan;
  ends.push(() => one.kill());
  return one;
}

async function origin(name: string): Promise<Origin> {
  const one = await Origin.start(name);
  ends.push(() => one.die());
  return one;
}

function agent(...flags: string[]): AgentProcess {
  const one = new AgentProcess(directory.path, flags);
  ends.push(() => one.kill());
  return one;
}

function plan(version: number, listeners: Partial<PlannedListener>[], origins: readonly Origin[]): NodePlan {
  const healthCheck = plannedCheck({ interval: 100, timeout: 2000, rise: 2, fall: 2 });
  const targets = origins.map(({ name, port }) => plannedTarget({ id: name, address: '127.0.0.1', port }));
  return planOf(version, [
    ...listeners.map((given) => planEntry('listener', plannedListener({ addresses: [VIP], ...given }))),
    planEntry('service', plannedService({ healthCheck })),
    planEntry('group', plannedGroup({ targets })),
  ]);
}

/** One request on a connection of its own. */
async function ask(port: number): Promise<string> {
  const response = await fetch(`http://${VIP}:${port}/`, { headers: { connection: 'close' } });
  return response.status === 200 ? response.text() : String(response.status);
}

async function askMany(port: number, times: number): Promise<string[]> {
  const answers: string[] = [];
  for (let turn = 0; turn < times; turn++) answers.push(await ask(port));
  return answers;
}

async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await condition())) await new Promise((resolve) => setTimeout(resolve, 10));
}

function isState(peer: FakeControl, target: string, state: string): boolean {
  return peer.health.get(`svc-1/${target}`)?.state === state;
}

for (const reactor of ['portable', 'uring']) {
  describe(`with the ${reactor} reactor`, () => {
    test('traffic follows the plan, and targets leave and return with their health', async (context) => {
      const [one, two] = [await origin('one'), await origin('two')];
      const port = await freePort(VIP);
      const peer = await control(plan(1, [{ port }], [one, two]));
      const node = agent('--control-url', peer.url, '--reactor', reactor);
      const applied = peer.applied(1);
      const ready = await readyOrSkip(node, reactor, context);
      if (ready === null) return;
      assert.equal(ready.reactor, reactor);
      assert.deepEqual((await applied).refused, []);
      await until(() => isState(peer, 'one', 'healthy') && isState(peer, 'two', 'healthy'));
      assert.deepEqual(new Set(await askMany(port, 10)), new Set(['one', 'two']));

      await one.die();
      await until(() => isState(peer, 'one', 'unhealthy'));
      assert.equal(peer.health.get('svc-1/one')?.reason, 'CONNECT_FAILED');
      // The report and the change to the workers set out together; the second may arrive a moment later.
      await untilAnswers(port, new Set(['two']));

      await one.resume();
      await until(() => isState(peer, 'one', 'healthy'));
      await untilAnswers(port, new Set(['one', 'two']));

      const scrape = await (await fetch(ready.metricsUrl)).text();
      assert.match(scrape, /^evenkeel_target_healthy\{service="svc-1",target="one"\} 1$/m);
      const requests = /^evenkeel_listener_requests_total\{[^}]*\} (\d+)$/m.exec(scrape)?.[1];
      assert.ok(Number(requests) >= 10, scrape);
    });
  });
}

async function untilAnswers(port: number, wanted: ReadonlySet<string>): Promise<void> {
  let seen = new Set<string>();
  do seen = new Set(await askMany(port, 6));
  while (seen.size !== wanted.size || [...seen].some((answer) => !wanted.has(answer)));
}

/** Null when the test is to be skipped because the reactor cannot run here. */
async function readyOrSkip(node: AgentProcess, reactor: string, context: TestContext) {
  try {
    return await node.ready;
  } catch (error) {
    if (reactor !== 'uring' || process.env['EVENKEEL_REQUIRE_ALL'] === '1') throw error;
    context.skip(`no io_uring here: ${(error as Error).message}`);
    return null;
  }
}

test('the control plane dies and traffic goes on; a restarted node serves from its disk alone', async () => {
  const one = await origin('one');
  const port = await freePort(VIP);
  const peer = await control(plan(1, [{ port }], [one]));
  const node = agent('--control-url', peer.url);
  await Promise.all([peer.applied(1), node.ready]);
  await peer.kill();
  assert.equal(await ask(port), 'one');
  // It is renamed into its place when it is whole and on the disk.
  await until(() => existsSync(join(directory.path, 'agent', 'plan.jsonl')));
  await node.kill();

  const again = agent('--control-url', NOBODY);
  await again.ready;
  assert.equal(await ask(port), 'one');
  const health = await fetch(new URL('/healthz', (await again.ready).metricsUrl));
  assert.deepEqual(await health.json(), { status: 'serving', planVersion: 1, controlPlane: 'unreachable' });
});

test('without a plan it is not ready, and says what it waits for, until the first plan is in force', async () => {
  const one = await origin('one');
  const port = await freePort(VIP);
  const peer = await control(null);
  rmSync(join(directory.path, 'credentials', 'node.json'));
  const node = agent('--control-url', peer.url);
  const { metricsUrl, waitsFor } = await node.waiting;
  assert.equal(waitsFor, 'credential');
  const health = async () => {
    const response = await fetch(new URL('/healthz', metricsUrl));
    const { status, waitsFor, controlPlane } = (await response.json()) as Record<string, unknown>;
    return [response.status, status, waitsFor, controlPlane];
  };
  assert.deepEqual(await health(), [503, 'waiting', 'credential', 'unreachable']);
  const hello = peer.next('hello');
  writeToken(directory.path);
  await hello;
  await until(async () => (await health())[2] === 'plan');
  assert.deepEqual(await health(), [503, 'waiting', 'plan', 'connected']);
  peer.sendSnapshot(plan(1, [{ port }], [one]));
  assert.equal((await node.ready).metricsUrl, metricsUrl);
  assert.equal(await ask(port), 'one');
  assert.deepEqual(await health(), [200, 'serving', undefined, 'connected']);
});

test('a listener whose port is taken is refused with the reason while the others serve, and opens when it is free', async () => {
  const one = await origin('one');
  const squatter = createServer();
  squatter.listen(0, VIP);
  await once(squatter, 'listening');
  const taken = (squatter.address() as AddressInfo).port;
  const port = await freePort(VIP);
  const peer = await control(plan(1, [{ port }, { id: 'lsn-2', port: taken }], [one]));
  const applied = peer.applied(1);
  const node = agent('--control-url', peer.url);
  await node.ready;
  const { refused } = await applied;
  assert.deepEqual(
    refused.map(({ listenerId, code }) => `${listenerId} ${code}`),
    ['lsn-2 address-in-use'],
  );
  assert.equal(await ask(port), 'one');
  squatter.close();
  await once(squatter, 'close');
  assert.deepEqual((await peer.applied(1)).refused, []);
  assert.equal(await ask(taken), 'one');
});

test('SIGTERM lets a request in flight finish and exits 0', async () => {
  const one = await origin('one');
  const port = await freePort(VIP);
  const peer = await control(plan(1, [{ port }], [one]));
  const node = agent('--control-url', peer.url);
  await Promise.all([peer.applied(1), node.ready]);
  const arrived = Promise.withResolvers<() => void>();
  one.respond = (request, response) => {
    if (request.url === '/slow') arrived.resolve(() => response.end('finished'));
    else response.end('one');
  };
  const answer = fetch(`http://${VIP}:${port}/slow`).then((response) => response.text());
  const finish = await arrived.promise;
  node.child.kill('SIGTERM');
  // It listens no more. That is told to workers, whose sockets are closed a moment after it was said.
  await until(() =>
    ask(port).then(
      () => false,
      () => true,
    ),
  );
  finish();
  assert.equal(await answer, 'finished');
  await node.endsWith(0);
});

test('a second signal ends it at once', async () => {
  const one = await origin('one');
  const port = await freePort(VIP);
  const peer = await control(plan(1, [{ port }], [one]));
  const node = agent('--control-url', peer.url, '--drain-timeout', '600');
  await Promise.all([peer.applied(1), node.ready]);
  const arrived = Promise.withResolvers<void>();
  one.respond = (request, response) => {
    if (request.url === '/slow') arrived.resolve();
    else response.end('one');
  };
  const answer = fetch(`http://${VIP}:${port}/slow`);
  answer.catch(() => undefined);
  await arrived.promise;
  node.child.kill('SIGTERM');
  await until(() => node.lines.some((line) => line.includes('draining')));
  node.child.kill('SIGTERM');
  await node.endsWith(143);
  assert.match(node.lines.at(-1)!, /"reason":"SIGTERM","msg":"ending at once"/);
  await assert.rejects(answer);
});

test('under a supervisor it ends when standard input does', async () => {
  const node = agent('--control-url', NOBODY, '--supervised');
  await node.waiting;
  node.child.stdin?.end();
  await node.endsWith(0);
});

test('it goes on when nobody reads its output any more', async () => {
  const one = await origin('one');
  const port = await freePort(VIP);
  const peer = await control(plan(1, [{ port }], [one]));
  const node = agent('--control-url', peer.url, '--log-level', 'trace');
  await Promise.all([peer.applied(1), node.ready]);
  node.child.stdout?.destroy();
  node.child.stderr?.destroy();
  for (let version = 2; version <= 4; version++) {
    const applied = peer.applied(version);
    peer.sendDelta(plan(version, [{ port, name: `name ${version}` }], [one]));
    await applied;
  }
  assert.equal(await ask(port), 'one');
});

test('the access log is written, and reopened on SIGHUP', async () => {
  const one = await origin('one');
  const port = await freePort(VIP);
  const peer = await control(plan(1, [{ port }], [one]));
  const node = agent('--control-url', peer.url);
  await Promise.all([peer.applied(1), node.ready]);
  const file = join(directory.path, 'logs', 'access.log');
  await ask(port);
  await until(() => existsSync(file) && readFileSync(file, 'utf8').includes('\n'));
  const [line] = readFileSync(file, 'utf8').split('\n');
  assert.equal(typeof JSON.parse(line as string), 'object');
  renameSync(file, `${file}.moved`);
  node.child.kill('SIGHUP');
  while (!existsSync(file)) await ask(port);
  node.child.kill('SIGTERM');
  await node.endsWith(0);
});

test('an error that nobody expected ends it with a line that says what it was, and exit code 1', async () => {
  // Blows up in the main thread of the process when standard input says so.
  const bomb = `import { isMainThread } from 'node:worker_threads';
    if (isMainThread) process.stdin.on('data', () => { throw new Error('boom'); });`;
  const node = new AgentProcess(directory.path, ['--control-url', NOBODY], {
    NODE_OPTIONS: `--import data:text/javascript,${encodeURIComponent(bomb)}`,
  });
  await node.waiting;
  node.child.stdin?.write('now');
  await node.endsWith(1);
  // A line of the log that was being written at that moment may come out behind it.
  const fatal = node.lines.map((line) => JSON.parse(line)).find(({ level }) => level === 60);
  assert.match(fatal?.msg, /^unexpected error: Error: boom/);
});

describe('what keeps it from starting is said in one sentence, with exit code 1, or 2 for a wrong flag', () => {
  test('a metrics port that is taken', async () => {
    const squatter = createHttpServer();
    squatter.listen(0, '127.0.0.1');
    await once(squatter, 'listening');
    const { port } = squatter.address() as AddressInfo;
    const node = agent('--control-url', NOBODY, '--metrics-port', String(port));
    await node.endsWith(1);
    assert.deepEqual(node.lines, [
      `evenkeel-agent: port ${port} on 127.0.0.1 is taken; is another node agent running? Choose another --metrics-port`,
    ]);
    squatter.close();
  });

  test('a home that is a file', async () => {
    const path = join(directory.path, 'file');
    writeFileSync(path, '');
    const node = new AgentProcess(path, []);
    await node.endsWith(1);
    assert.match(
      node.lines.join('\n'),
      /^evenkeel-agent: cannot write to .*; make it writable or choose another --home$/,
    );
  });

  test('a flag that is wrong', async () => {
    const node = agent('--workers', 'many');
    await node.endsWith(2);
    assert.deepEqual(node.lines, ['evenkeel-agent: --workers must be a whole number from 1 to 256, not "many"']);
  });
});
