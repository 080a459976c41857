import assert from 'node:assert/strict';
import { Agent, request } from 'node:http';
import type { Socket } from 'node:net';
import { after, afterEach, before, describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { PLAIN_OUTLIER_DETECTION } from '@evenkeel/model/plan/resilience.ts';
import { requiresReactor } from '@evenkeel/testbed/reactors.ts';
import { createEngine } from '../src/engine/create.ts';
import type { ProxyEngine } from '../src/engine/engine.ts';
import type { TargetStanding } from '../src/standing/standing.ts';
import { freePort, httpOrigin, type Origin, tcpOrigin } from './exchange.ts';
import { changeOf, listenerOf, serviceOf } from './plans.ts';

const OK = 'HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nbad';
const UNABLE = 'HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n\r\n';

/** Ejected by its first error, for as long as the test takes. */
const DETECTION = { ...PLAIN_OUTLIER_DETECTION, consecutiveErrors: 1, baseEjection: 60_000 };

for (const reactor of ['uring', 'portable'] as const) {
  describe(`an ejected target on ${reactor}`, { skip: requiresReactor(reactor), timeout: 60_000 }, () => {
    let engine: ProxyEngine;
    let bad: Origin;
    let good: Origin;
    let agent: Agent;
    let port = 0;
    /** What the bad target does with the next request; null: nothing for now. */
    let answer: string | null = OK;
    let connections = 0;
    let ejected: (standing: TargetStanding) => void = () => undefined;
    /** Told of a request that the bad target leaves unanswered. */
    let held: (socket: Socket) => void = () => undefined;

    before(async () => {
      engine = await createEngine({
        workers: 1,
        reactor,
        onStanding: (standing) => standing.ejected !== null && ejected(standing),
      });
    });

    afterEach(async () => {
      agent.destroy();
      await bad.close();
      await good.close();
    });

    after(() => engine.stop(0));

    /** What the client gets whose request the bad target holds. */
    let waiting: Promise<{ readonly status: number; readonly body: string }>;

    async function serve(id: string): Promise<void> {
      answer = OK;
      connections = 0;
      agent = new Agent({ keepAlive: true });
      bad = await tcpOrigin((socket) => {
        connections++;
        socket.on('data', () => (answer === null ? held(socket) : socket.write(answer)));
      });
      good = await httpOrigin((_, response) => response.end('good'));
      port = await freePort();
      const service = serviceOf([bad.port, good.port], { id, outlierDetection: DETECTION, drainTimeout: 20_000 });
      await engine.apply(changeOf([service], [listenerOf(port, { id: `lsn-${id}`, serviceId: id })]));
    }

    /** A request lies unanswered at the bad target, on a connection that was kept. */
    async function holdOne(): Promise<Socket> {
      while ((await ask()).body !== 'bad');
      answer = null;
      const taken = new Promise<Socket>((resolve) => {
        held = resolve;
      });
      // One of two that are asked at once goes to each.
      const both = [ask(), ask()];
      const socket = await taken;
      await Promise.race(both);
      waiting = Promise.all(both).then(([one, other]) => (one!.body === 'good' ? other! : one!));
      return socket;
    }

    function ask(): Promise<{ readonly status: number; readonly body: string }> {
      return new Promise((resolve, reject) => {
        const sent = request({ host: '127.0.0.1', port, agent });
        sent.on('error', reject).on('response', (response) => {
          let body = '';
          response.setEncoding('utf8').on('data', (piece: string) => (body += piece));
          response.on('end', () => resolve({ status: response.statusCode ?? 0, body }));
        });
        sent.end();
      });
    }

    async function logged(
      listener: string,
      isMeant: (line: Record<string, unknown>) => boolean,
    ): Promise<Record<string, unknown>[]> {
      for (const until = performance.now() + 30_000; performance.now() < until; ) {
        const bytes = engine.readAccessLog();
        if (bytes === null) {
          await sleep(5);
          continue;
        }
        const lines = Buffer.from(bytes).toString().trimEnd().split('\n');
        const found = lines.map((line) => JSON.parse(line) as Record<string, unknown>);
        const meant = found.filter((line) => line['listener'] === listener && isMeant(line));
        if (meant.length > 0) return meant;
      }
      return [];
    }

    it('gets no request again whose kept connection it has closed', async () => {
      await serve('svc-ejected');
      const socket = await holdOne();
      const found = new Promise<TargetStanding>((resolve) => {
        ejected = resolve;
      });
      answer = UNABLE;
      while ((await ask()).status !== 503);
      assert.equal((await found).targetId, `tgt-${bad.port}`);
      const before = connections;
      socket.end();
      assert.equal((await waiting).body, 'good');
      assert.equal(connections, before, 'nobody has tried it again');
    });

    it('is named in the log when it leaves with a request that it has not read', async () => {
      await serve('svc-gone');
      const socket = await holdOne();
      await engine.apply(changeOf([serviceOf([good.port], { id: 'svc-gone' })], []));
      socket.end();
      assert.equal((await waiting).body, 'good');
      const [line] = await logged('lsn-svc-gone', ({ attempts }) => attempts === 2);
      assert.equal(line?.['failed_attempts'], `127.0.0.1:${bad.port} kept-closed`);
    });
  });
}
