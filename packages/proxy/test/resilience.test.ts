import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { Agent, type IncomingMessage, request } from 'node:http';
import { after, afterEach, before, describe, it } from 'node:test';
import { STANDARD_TARGET_LIMITS } from '@evenkeel/model/plan/balancing.ts';
import { PLAIN_OUTLIER_DETECTION, PLAIN_RETRY, type PlannedRetry } from '@evenkeel/model/plan/resilience.ts';
import { requiresReactor } from '@evenkeel/testbed/reactors.ts';
import { createEngine } from '../src/engine/create.ts';
import type { ProxyEngine } from '../src/engine/engine.ts';
import type { TargetStanding } from '../src/standing/standing.ts';
import { freePort, httpOrigin, type Origin, tcpOrigin } from './exchange.ts';
import { changeOf, listenerOf, serviceOf } from './plans.ts';

/** Answers after 5 ms; a process of its own, so that it can be killed. */
const ORIGIN = `
  require('node:http')
    .createServer({ keepAliveTimeout: 60_000 }, (request, response) => setTimeout(() => response.end('ok'), 5))
    .listen(Number(process.argv[1]), '127.0.0.1', () => console.log('up'));
`;

const RETRY: PlannedRetry = { ...PLAIN_RETRY, conditions: ['connect-failure', 'no-response'] };
const DETECTION = { ...PLAIN_OUTLIER_DETECTION, baseEjection: 1_000, maxEjection: 1_000 };

async function startProcess(port: number): Promise<ChildProcess> {
  const child = spawn(process.execPath, ['-e', ORIGIN, String(port)], { stdio: ['ignore', 'pipe', 'inherit'] });
  await once(child.stdout!, 'data');
  return child;
}

interface Answer {
  readonly status: number;
  readonly body: string;
}

function ask(port: number, agent: Agent | false, method = 'GET', body = ''): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const sent = request({ host: '127.0.0.1', port, method, agent });
    sent.on('error', reject);
    sent.on('response', (response: IncomingMessage) => {
      let text = '';
      response.setEncoding('utf8').on('data', (piece: string) => (text += piece));
      response.on('error', reject).on('end', () => resolve({ status: response.statusCode ?? 0, body: text }));
    });
    sent.end(body);
  });
}

/** Looks again every few milliseconds; fails after half a minute. */
async function until(what: string, holds: () => boolean): Promise<void> {
  const deadline = performance.now() + 30_000;
  while (!holds()) {
    assert.ok(performance.now() < deadline, what);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

for (const reactor of ['uring', 'portable'] as const) {
  describe(`targets that fail on ${reactor}`, { skip: requiresReactor(reactor), timeout: 60_000 }, () => {
    let engine: ProxyEngine;
    const told: TargetStanding[] = [];
    const origins: Origin[] = [];
    let runs = 0;

    before(async () => {
      engine = await createEngine({ workers: 2, reactor, onStanding: (standing) => told.push(standing) });
    });

    afterEach(async () => {
      for (const origin of origins.splice(0)) await origin.close();
    });

    after(() => engine.stop(1_000));

    async function serve(
      targets: readonly number[],
      changes: Parameters<typeof serviceOf>[1],
    ): Promise<[number, string]> {
      const port = await freePort();
      const id = `svc-${runs++}`;
      await engine.apply(
        changeOf([serviceOf(targets, { id, ...changes })], [listenerOf(port, { id: `lsn-${id}`, serviceId: id })]),
      );
      return [port, id];
    }

    const standingOf = (serviceId: string, port: number): TargetStanding =>
      engine.standings().find((one) => one.serviceId === serviceId && one.targetId === `tgt-${port}`)!;

    const requestsAt = (serviceId: string, port: number): number =>
      engine.counters().targets.find((one) => one.serviceId === serviceId && one.targetId === `tgt-${port}`)!.requests;

    /** Lines of the access log of the service's listener, once there are so many. */
    async function logged(serviceId: string, count: number): Promise<Record<string, unknown>[]> {
      const found: Record<string, unknown>[] = [];
      await until('the log has it', () => {
        for (let bytes = engine.readAccessLog(); bytes !== null; bytes = engine.readAccessLog()) {
          const lines = Buffer.from(bytes).toString().trimEnd().split('\n');
          found.push(
            ...lines.map((line) => JSON.parse(line)).filter(({ listener }) => listener === `lsn-${serviceId}`),
          );
        }
        return found.length >= count;
      });
      return found;
    }

    it('loses no GET when one of four is killed under load, and it regains its share', async () => {
      const ports = await Promise.all([freePort(), freePort(), freePort(), freePort()]);
      const processes = await Promise.all(ports.map(startProcess));
      try {
        const [port, id] = await serve(ports, { retry: RETRY, outlierDetection: DETECTION });
        const agent = new Agent({ keepAlive: true, maxSockets: 32 });
        let failures: string[] = [];
        let answered = 0;
        let going = true;
        const clients = Array.from({ length: 32 }, async () => {
          while (going) {
            try {
              const { status } = await ask(port, agent);
              if (status === 200) answered++;
              else failures.push(`status ${status}`);
            } catch (error) {
              failures.push(String(error));
            }
          }
        });
        const dead = ports[1]!;
        await until('the load comes up', () => answered > 500);
        processes[1]!.kill('SIGKILL');
        await until('the dead target is ejected', () => standingOf(id, dead).ejected !== null);
        assert.equal(standingOf(id, dead).ejected?.reason, 'connect-failures');
        const seen = requestsAt(id, dead);
        const before = answered;
        await until('the others carry on', () => answered > before + 500);
        // What was under way, and now and then one that tries whether it is back.
        assert.ok(requestsAt(id, dead) - seen <= 50, `${requestsAt(id, dead) - seen} requests went to it meanwhile`);
        processes[1] = await startProcess(dead);
        await until('it is back', () => requestsAt(id, dead) > seen + 200);
        const counts = ports.map((each) => requestsAt(id, each));
        const mark = answered;
        await until('a while later', () => answered > mark + 1_000);
        const shares = ports.map((each, index) => requestsAt(id, each) - counts[index]!);
        going = false;
        await Promise.all(clients);
        agent.destroy();
        assert.ok(shares[1]! > 0.2 * (answered - mark), `shares ${shares}`);
        // None of these answers has begun: they come whole, within one piece.
        assert.deepEqual(failures, []);
        failures = [];
      } finally {
        for (const child of processes) child.kill('SIGKILL');
      }
    });

    it('sends what a target has closed on to another one, unless that could do it twice', async () => {
      const bodies: string[] = [];
      const bad = await tcpOrigin((socket) => socket.on('data', () => socket.destroy()));
      const good = await httpOrigin((incoming, response) => {
        incoming.setEncoding('utf8').on('data', (piece: string) => bodies.push(piece));
        incoming.on('end', () => response.end('good'));
      });
      origins.push(bad, good);
      const [port] = await serve([bad.port, good.port], { retry: { ...RETRY, budget: 100, budgetMinimum: 255 } });
      for (let i = 0; i < 10; i++) assert.deepEqual(await ask(port, false), { status: 200, body: 'good' });
      for (let i = 0; i < 4; i++) assert.equal((await ask(port, false, 'PUT', `put-${i}`)).status, 200);
      assert.deepEqual(bodies.sort(), ['put-0', 'put-1', 'put-2', 'put-3']);
      const posts = await Promise.all([1, 2, 3, 4].map(() => ask(port, false, 'POST', 'once')));
      assert.deepEqual(posts.map(({ status }) => status).sort(), [200, 200, 502, 502]);
    });

    it('asks another target after a status that is named, and hands it on when the budget is spent', async () => {
      let refused = 0;
      const bad = await httpOrigin((_, response) => {
        refused++;
        response.writeHead(503).end('busy');
      });
      const good = await httpOrigin((_, response) => response.end('good'));
      origins.push(bad, good);
      const statuses = { ...RETRY, statuses: [503] };
      const [ample] = await serve([bad.port, good.port], { retry: { ...statuses, budget: 100, budgetMinimum: 255 } });
      for (let i = 0; i < 10; i++) assert.equal((await ask(ample, false)).status, 200);
      assert.ok(refused >= 5, `${refused}`);
      const [none, id] = await serve([bad.port, good.port], { retry: { ...statuses, budget: 0, budgetMinimum: 0 } });
      const answers = await Promise.all(Array.from({ length: 10 }, () => ask(none, false)));
      assert.equal(answers.filter(({ status, body }) => status === 503 && body === 'busy').length, 5);
      assert.equal(engine.refusedRetries().find(({ serviceId }) => serviceId === id)?.refused, 5);
    });

    it('leaves a slow target for another one, and waits for it when there is no retry to be had', async () => {
      const slow = await httpOrigin((_, response) => void setTimeout(() => response.end('slow'), 1_000));
      const good = await httpOrigin((_, response) => response.end('good'));
      origins.push(slow, good);
      const trying: PlannedRetry = { ...RETRY, conditions: ['timeout'], tryTimeout: 300 };
      const [ample] = await serve([slow.port, good.port], { retry: { ...trying, budget: 100, budgetMinimum: 255 } });
      for (let i = 0; i < 6; i++) assert.equal((await ask(ample, false)).body, 'good');
      const [none, id] = await serve([slow.port, good.port], { retry: { ...trying, budget: 0, budgetMinimum: 0 } });
      const answers = await Promise.all(Array.from({ length: 4 }, () => ask(none, false)));
      assert.deepEqual(answers.map(({ body }) => body).sort(), ['good', 'good', 'slow', 'slow']);
      const lines = await logged(id, answers.length);
      assert.ok(
        lines.every(({ failed_attempts }) => failed_attempts === undefined),
        'what went on has not failed',
      );
    });

    it('stays with a slow target when only those are left that were tried or are ejected', async () => {
      const answer = (_: IncomingMessage, response: { end(text: string): unknown }) =>
        void setTimeout(() => response.end('slow'), 400);
      const slow = [await httpOrigin(answer), await httpOrigin(answer)];
      origins.push(...slow);
      const retry: PlannedRetry = {
        ...RETRY,
        conditions: ['connect-failure', 'timeout'],
        tryTimeout: 50,
        budget: 100,
        budgetMinimum: 255,
      };
      const detection = { ...DETECTION, consecutiveConnectFailures: 1, baseEjection: 60_000, maxEjection: 60_000 };
      const dead = await freePort();
      const ports = [dead, ...slow.map(({ port }) => port)];
      const [port, id] = await serve(ports, { retry, outlierDetection: detection });
      await Promise.all([1, 2, 3].map(() => ask(port, false)));
      await until('the dead target is ejected', () =>
        told.some(({ serviceId, ejected }) => serviceId === id && ejected !== null),
      );
      const answers = await Promise.all([1, 2, 3, 4].map(() => ask(port, false)));
      assert.deepEqual(
        answers.map(({ status, body }) => `${status} ${body}`),
        Array.from({ length: 4 }, () => '200 slow'),
      );
    });

    it('stays with a slow target when the others have no room', async () => {
      const held: { end(text: string): unknown }[] = [];
      const slow = await httpOrigin((_, response) => void setTimeout(() => response.end('slow'), 400));
      const full = await httpOrigin((_, response) => void held.push(response));
      origins.push(slow, full);
      const retry: PlannedRetry = {
        ...RETRY,
        conditions: ['timeout'],
        tryTimeout: 100,
        budget: 100,
        budgetMinimum: 255,
      };
      const targetLimits = { ...STANDARD_TARGET_LIMITS, maxRequests: 1, queueSize: 0 };
      const [port] = await serve([slow.port, full.port], { retry, targetLimits });
      const one = ask(port, false);
      const other = ask(port, false);
      await until('both targets are busy', () => held.length > 0);
      const first = await Promise.race([one, other]);
      assert.deepEqual([first.status, first.body], [200, 'slow']);
      for (const response of held.splice(0)) response.end('held');
      await Promise.all([one, other]);
    });

    it('keeps the attempts at targets that are all slow within the budget', async () => {
      let attempts = 0;
      const answer = (_: IncomingMessage, response: { end(text: string): unknown }) => {
        attempts++;
        setTimeout(() => response.end('slow'), 60);
      };
      const targets = [await httpOrigin(answer), await httpOrigin(answer), await httpOrigin(answer)];
      origins.push(...targets);
      const retry: PlannedRetry = { ...RETRY, conditions: ['timeout'], tryTimeout: 20, budget: 20, budgetMinimum: 0 };
      const [port] = await serve(
        targets.map((target) => target.port),
        { retry, outlierDetection: DETECTION },
      );
      const agent = new Agent({ keepAlive: true, maxSockets: 40 });
      const answers = await Promise.all(Array.from({ length: 600 }, () => ask(port, agent)));
      agent.destroy();
      assert.ok(answers.every(({ status }) => status === 200));
      assert.ok(attempts <= 1.2 * answers.length, `${attempts} attempts for ${answers.length} requests`);
      assert.ok(attempts > answers.length, 'some were retried');
    });
  });
}
