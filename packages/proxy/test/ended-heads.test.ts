import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { after, afterEach, before, beforeEach, describe, test } from 'node:test';
import { requiresReactor } from '@evenkeel/testbed/reactors.ts';
import { createEngine } from '../src/engine/create.ts';
import type { ProxyEngine } from '../src/engine/engine.ts';
import { freePort, httpOrigin, type Origin, until } from './exchange.ts';
import { changeOf, listenerOf, serviceOf } from './plans.ts';

const HALF = 'GET /half?a=1 HTTP/1.1\r\nHos';
const REST = 't: a\r\n\r\n';
const WHOLE = 'GET /whole HTTP/1.1\r\nHost: a\r\n\r\n';

for (const reactor of ['uring', 'portable'] as const) {
  const options = { skip: requiresReactor(reactor), timeout: 60_000 };
  describe(`heads under way when the proxy ends, or their listener, on ${reactor}`, options, () => {
    let engine: ProxyEngine;
    let stopped: Promise<void> | null;
    let origin: Origin;
    let port: number;

    before(async () => {
      origin = await httpOrigin((_incoming, response) => response.end('ok'));
    });

    beforeEach(async () => {
      stopped = null;
      engine = await createEngine({ workers: 1, reactor });
      port = await freePort();
      assert.deepEqual(
        await engine.apply(changeOf([service(20_000)], [listenerOf(port, { headerTimeout: 50_000 })])),
        [],
      );
    });

    afterEach(() => stopped ?? engine.stop(0));

    after(() => origin.close());

    /** Whose clients have so many milliseconds to finish when a listener goes. */
    const service = (drainTimeout: number) => serviceOf([origin.port], { drainTimeout });

    const counters = () => engine.counters().listeners[0]!;

    /** A client whose half of a head the worker has read: it has answered another one since. */
    async function halfway(): Promise<{ socket: Socket; received: () => string; closed: Promise<unknown> }> {
      const socket = connect({ port, host: '127.0.0.1' }).setEncoding('latin1');
      let text = '';
      socket.on('data', (piece) => {
        text += piece;
      });
      socket.on('error', () => undefined);
      const closed = new Promise((resolve) => socket.on('close', resolve));
      await once(socket, 'connect');
      socket.write(HALF);
      const other = connect({ port, host: '127.0.0.1' });
      other.write(WHOLE);
      await once(other, 'data');
      other.destroy();
      return { socket, received: () => text, closed };
    }

    /** The line that the access log has of the half request. */
    async function logged(): Promise<Record<string, unknown>> {
      let log = '';
      await until(() => {
        log += Buffer.from(engine.readAccessLog() ?? []).toString();
        return log.includes('/half');
      }, 'the line of the request');
      const lines = log.split('\n').filter((line) => line.includes('/half'));
      assert.equal(lines.length, 1);
      return JSON.parse(lines[0]!);
    }

    function assertRefused(line: Record<string, unknown>, received: string): void {
      assert.match(received, /^HTTP\/1\.1 503 .*\r\nConnection: close\r\n/s);
      assert.deepEqual([line['status'], line['reason']], [503, 'proxy-request-head']);
      assert.deepEqual([line['method'], line['uri'], line['request_length']], ['GET', '/half?a=1', HALF.length]);
    }

    test('a listener that is removed serves a request whose head is on its way, and lets go of the client', async () => {
      const { socket, received, closed } = await halfway();
      await engine.apply(changeOf([], [], { listeners: ['lsn'] }));
      socket.write(REST);
      await closed;
      assert.match(received(), /^HTTP\/1\.1 200 .*\r\nConnection: close\r\n.*ok\r?\n?/is);
      const line = await logged();
      assert.deepEqual([line['status'], line['reason']], [200, 'none']);
    });

    test('when the time for draining is over, the rest of the head has not come: 503, logged and counted', async () => {
      assert.deepEqual(await engine.apply(changeOf([service(50)], [])), []);
      const { received, socket } = await halfway();
      await engine.apply(changeOf([], [], { listeners: ['lsn'] }));
      await once(socket, 'end');
      assertRefused(await logged(), received());
    });

    test('an engine that stops (SIGTERM) waits for it as for any request, then answers 503', async () => {
      const { received, closed } = await halfway();
      stopped = engine.stop(100);
      await closed;
      assertRefused(await logged(), received());
      assert.deepEqual(counters().reasons, { none: 1, 'proxy-request-head': 1 });
      await stopped;
    });

    test('an engine that stops serves it when its rest comes in time', async () => {
      const { socket, received, closed } = await halfway();
      stopped = engine.stop(20_000);
      socket.write(REST);
      await closed;
      assert.match(received(), /^HTTP\/1\.1 200 /);
      assert.equal((await logged())['reason'], 'none');
      await stopped;
    });
  });
}
