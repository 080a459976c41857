import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect } from 'node:net';
import { after, before, describe, test } from 'node:test';
import { requiresReactor } from '@evenkeel/testbed/reactors.ts';
import { createEngine } from '../src/engine/create.ts';
import type { ProxyEngine } from '../src/engine/engine.ts';
import { freePort, httpOrigin, type Origin, until } from './exchange.ts';
import { changeOf, listenerOf, serviceOf } from './plans.ts';

const HALF = 'GET /half?a=1 HTTP/1.1\r\nHos';
const WHOLE = 'GET /whole HTTP/1.1\r\nHost: a\r\n\r\n';

for (const reactor of ['uring', 'portable'] as const) {
  describe(`clients that leave amid a head on ${reactor}`, { skip: requiresReactor(reactor), timeout: 60_000 }, () => {
    let engine: ProxyEngine;
    let origin: Origin;
    let port: number;
    let buffers: number;
    let log = '';

    before(async () => {
      origin = await httpOrigin((_incoming, response) => response.end('ok'));
      engine = await createEngine({ workers: 1, reactor });
      port = await freePort();
      assert.deepEqual(await engine.apply(changeOf([serviceOf([origin.port])], [listenerOf(port)])), []);
      buffers = engine.counters().workers[0]!.freeBuffers;
    });

    after(async () => {
      await engine.stop(100);
      await origin.close();
    });

    const listener = () => engine.counters().listeners[0]!;

    function lines(): Record<string, unknown>[] {
      const read = engine.readAccessLog();
      if (read !== null) log += Buffer.from(read).toString();
      return log.split('\n').flatMap((line) => (line === '' ? [] : [JSON.parse(line)]));
    }

    /** A whole request on a connection of its own. The worker has read by then what others have sent before. */
    async function exchange(): Promise<void> {
      const socket = connect({ port, host: '127.0.0.1' });
      socket.write(WHOLE);
      await once(socket, 'data');
      socket.destroy();
    }

    /** What the log has of a connection on which this is sent before the client ends it, or resets it. */
    async function logged(whole: string, part: string, how: 'end' | 'resetAndDestroy') {
      const socket = connect({ port, host: '127.0.0.1' });
      socket.on('error', () => undefined);
      await once(socket, 'connect');
      const { localPort } = socket;
      if (whole !== '') {
        socket.write(whole);
        await once(socket, 'data');
      }
      if (part !== '') socket.write(part);
      await exchange();
      socket.resume();
      socket[how]();
      await until(() => listener().activeConnections === 0, 'the connections to be gone');
      const { requests } = listener();
      await until(() => lines().length === requests, `${requests} lines`);
      return lines().filter((line) => line['client_port'] === localPort);
    }

    for (const how of ['end', 'resetAndDestroy'] as const) {
      test(`one that has sent a part (${how})`, async () => {
        const { reasons, bytesReceived } = listener();
        const [line, none] = await logged('', HALF, how);
        assert.equal(none, undefined);
        assert.deepEqual([line!['status'], line!['reason']], [499, 'client-request-head']);
        assert.deepEqual([line!['method'], line!['uri'], line!['request_length']], ['GET', '/half?a=1', HALF.length]);
        assert.equal(listener().reasons['client-request-head'], (reasons['client-request-head'] ?? 0) + 1);
        assert.equal(listener().bytesReceived, bytesReceived + HALF.length + WHOLE.length);
      });

      test(`one that has sent a part of its second request (${how})`, async () => {
        const [first, second] = await logged(WHOLE, 'GET /sec', how);
        assert.deepEqual([first!['status'], first!['reason']], [200, 'none']);
        assert.deepEqual([second!['status'], second!['reason']], [499, 'client-request-head']);
        assert.deepEqual([second!['target'], second!['connection_requests']], ['', 2]);
      });

      test(`one that has sent nothing, or nothing more, has left no request (${how})`, async () => {
        assert.deepEqual(await logged('', '', how), []);
        assert.equal((await logged(WHOLE, '', how)).length, 1);
      });
    }

    test('no buffer is left behind', async () => {
      await until(() => engine.counters().workers[0]!.freeBuffers === buffers, `${buffers} free buffers`);
    });
  });
}
