import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { after, before, beforeEach, describe, it } from 'node:test';
import { mutate } from '@evenkeel/testbed/fuzz/mutate.ts';
import { requiresReactor } from '@evenkeel/testbed/reactors.ts';
import { createEngine } from '../src/engine/create.ts';
import type { ProxyEngine } from '../src/engine/engine.ts';
import { requestCases } from '../src/http1/fuzzing/fixtures.ts';
import { OwnReader } from '../src/http1/fuzzing/own-reader.ts';
import { MAX_HEAD } from '../src/http1/partial-head.ts';
import { requestFuzz } from '../src/http1/request.fuzz.ts';
import { Random } from '../src/reactor/simulated/random.ts';
import { freePort } from './exchange.ts';
import { changeOf, listenerOf, serviceOf } from './plans.ts';
import { type RecordingOrigin, recordingOrigin } from './recording-origin.ts';

/** Of a listener for tests of time-outs alone, in milliseconds. */
const HASTY = { headerTimeout: 300, idleTimeout: 400 };

/** Statuses of the final responses in what a client received. */
function statusesIn(text: string): number[] {
  return [...text.matchAll(/HTTP\/1\.1 (\d{3}) /g)]
    .map(([, status]) => Number(status))
    .filter((status) => status >= 200);
}

/** A client that has sent nothing yet. */
async function client(port: number): Promise<{ socket: Socket; received: () => string; ended: Promise<unknown> }> {
  const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true }).setNoDelay(true);
  let text = '';
  socket.setEncoding('latin1').on('data', (piece: string) => {
    text += piece;
  });
  const ended = new Promise((resolve) => socket.on('end', resolve).on('close', resolve).on('error', resolve));
  await once(socket, 'connect');
  return { socket, received: () => text, ended };
}

/** Sends `bytes`, waits for the proxy to end the connection, and returns what came. */
async function exchange(port: number, bytes: Uint8Array, pieces = [bytes], end = false): Promise<string> {
  const { socket, received, ended } = await client(port);
  try {
    for (const piece of pieces) {
      if (!socket.writable) break;
      socket.write(piece);
      if (pieces.length > 1) await new Promise((resolve) => setImmediate(resolve));
    }
    if (end) socket.end();
    await ended;
    return received();
  } finally {
    socket.destroy();
  }
}

const cases = requestCases();
const good = cases.filter(({ status }) => status === 200);
const bad = cases.filter(({ status }) => status !== 200);

for (const reactor of ['uring', 'portable'] as const) {
  describe(`hostile requests on ${reactor}`, { skip: requiresReactor(reactor), timeout: 60_000 }, () => {
    let engine: ProxyEngine;
    let origin: RecordingOrigin;
    let port: number;
    let hastyPort: number;

    before(async () => {
      // One worker, so that log lines come in the order of the requests.
      engine = await createEngine({ workers: 1, reactor });
      origin = await recordingOrigin();
      port = await freePort();
      hastyPort = await freePort();
      const listeners = [listenerOf(port), listenerOf(hastyPort, { id: 'hasty', ...HASTY })];
      assert.deepEqual(await engine.apply(changeOf([serviceOf([origin.port])], listeners)), []);
    });

    after(async () => {
      await engine.stop(1_000);
      await origin.close();
    });

    beforeEach(() => {
      origin.seen.length = 0;
      origin.faults.length = 0;
      while (engine.readAccessLog() !== null);
    });

    /** Waits for `count` lines; they are written when requests end, which may be a moment after the client has its answer. */
    async function logLines(count: number): Promise<Record<string, unknown>[]> {
      const lines: Record<string, unknown>[] = [];
      while (lines.length < count) {
        const bytes = engine.readAccessLog();
        if (bytes === null) await new Promise((resolve) => setImmediate(resolve));
        else for (const line of Buffer.from(bytes).toString().trimEnd().split('\n')) lines.push(JSON.parse(line));
      }
      return lines;
    }

    for (const { name, status, input } of bad) {
      it(`${name}: ${status}, closed, and no target sees a whole request`, async () => {
        const text = await exchange(port, input);
        assert.deepEqual(statusesIn(text), [status]);
        assert.match(text, /\r\nConnection: close\r\n/);
        assert.deepEqual(origin.seen, []);
        assert.deepEqual(origin.faults, []);
        const [line] = await logLines(1);
        assert.equal(line?.['status'], status);
        assert.equal(line['target_status'], 0);
        assert.match(String(line['reason']), /^client-request-(head|body)$/);
        // What can be read of the request line is logged.
        const [, method = '', uri = ''] =
          /^([A-Z]+) ([\x21-\x22\x24-\x7e]+)/.exec(Buffer.from(input).toString('latin1')) ?? [];
        if (method.length < 64 && uri.length < 4_000 && method !== '') {
          assert.deepEqual([line['method'], line['uri']], [method, uri]);
        }
      });
    }

    for (const { name, input } of good) {
      it(`${name}: what was sent, what the target saw and what was logged are the same`, async () => {
        const { messages } = new OwnReader().read(input);
        const text = await exchange(port, input, [input], true);
        assert.deepEqual(
          statusesIn(text),
          messages.map(() => 200),
        );
        assert.deepEqual(origin.faults, []);
        const targets = messages.map(({ method, target, body }) => {
          const path = target.replace(/^http:\/\/[^/?]+/i, '');
          return { method, uri: path === '*' || path.startsWith('/') ? path : `/${path}`, body };
        });
        assert.deepEqual(
          origin.seen.map(({ method, target, body }) => ({ method, uri: target, body })),
          targets,
        );
        const logged = await logLines(messages.length);
        assert.deepEqual(
          logged.map(({ method, uri, status, target_status, reason }) => ({
            method,
            uri,
            status,
            target_status,
            reason,
          })),
          messages.map(({ method, target: uri }) => {
            const clipped = uri.length > 4_096;
            return {
              method,
              uri: clipped ? String(logged[0]!['uri']) : uri,
              status: 200,
              target_status: 200,
              reason: 'none',
            };
          }),
        );
      });
    }

    it('takes every good request a byte at a time as well', async () => {
      for (const { name, input } of good.filter((its) => its.input.length < 500)) {
        const { messages } = new OwnReader().read(input);
        origin.seen.length = 0;
        const pieces = Array.from(input, (byte) => Uint8Array.of(byte));
        const text = await exchange(port, input, pieces, true);
        assert.deepEqual(
          statusesIn(text),
          messages.map(() => 200),
          name,
        );
        assert.deepEqual(
          origin.seen.map(({ method, body }) => ({ method, body })),
          messages.map(({ method, body }) => ({ method, body })),
          name,
        );
      }
    });

    it('refuses every bad request a byte at a time as well', async () => {
      for (const { name, status, input } of bad.filter((its) => its.input.length < 500)) {
        const pieces = Array.from(input, (byte) => Uint8Array.of(byte));
        assert.deepEqual(statusesIn(await exchange(port, input, pieces)), [status], name);
        assert.deepEqual(origin.seen, [], name);
      }
    });

    it('answers 408 to a head that comes too slowly, however steadily', async () => {
      const { socket, received, ended } = await client(hastyPort);
      const began = performance.now();
      socket.write('GET / HTTP/1.1\r\nHost: a.test\r\n');
      const dribble = setInterval(() => socket.writable && socket.write('X-Slow: 1\r\n'), 50);
      await ended;
      clearInterval(dribble);
      socket.destroy();
      assert.deepEqual(statusesIn(received()), [408]);
      const elapsed = performance.now() - began;
      assert.ok(elapsed >= HASTY.headerTimeout - 5, `${elapsed} ms`);
      const [line] = await logLines(1);
      assert.deepEqual([line?.['reason'], line?.['method'], line?.['uri']], ['client-request-head', 'GET', '/']);
    });

    it('answers 408 to a body that stops, and the target sees no whole request', async () => {
      const head = 'POST / HTTP/1.1\r\nHost: a.test\r\n';
      for (const rest of ['Content-Length: 10\r\n\r\n12345', 'Transfer-Encoding: chunked\r\n\r\n5\r\n123']) {
        assert.deepEqual(statusesIn(await exchange(hastyPort, Buffer.from(head + rest))), [408]);
      }
      assert.deepEqual(origin.seen, []);
      assert.deepEqual(
        (await logLines(2)).map(({ reason }) => reason),
        ['client-request-body', 'client-request-body'],
      );
    });

    it('closes a connection that says nothing, without a word', async () => {
      assert.equal(await exchange(hastyPort, new Uint8Array(0)), '');
    });

    it('does nothing with what comes behind a request that ends the connection', async () => {
      const two = 'GET /1 HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\nGET /2 HTTP/1.1\r\nHost: a\r\n\r\n';
      assert.deepEqual(statusesIn(await exchange(port, Buffer.from(two))), [200]);
      assert.deepEqual(
        origin.seen.map(({ target }) => target),
        ['/1'],
      );
    });

    it('answers the good requests in front of a bad one, in order, then closes', async () => {
      const three =
        'GET /1 HTTP/1.1\r\nHost: a\r\n\r\nGET /2 HTTP/1.1\r\nHost: a\r\n\r\nGET /3 HTTP/1.1\r\nHost : a\r\n\r\n';
      assert.deepEqual(statusesIn(await exchange(port, Buffer.from(three))), [200, 200, 400]);
      assert.deepEqual(
        origin.seen.map(({ target }) => target),
        ['/1', '/2'],
      );
    });

    it('holds for mutated streams: targets see the requests that were sent, and those alone', async () => {
      const random = new Random(20);
      const pool = {
        inputs: cases.map(({ input }) => input).filter((input) => input.length < 1_000),
        words: requestFuzz.words,
      };
      const own = new OwnReader();
      for (let n = 0; n < 400; n++) {
        const input = mutate(random, pool);
        if (input.length >= MAX_HEAD) continue;
        const { messages, end } = own.read(input);
        origin.seen.length = 0;
        const text = await exchange(port, input, [input], true);
        const replay = JSON.stringify(Buffer.from(input).toString('latin1'));
        const statuses = statusesIn(text);
        assert.deepEqual(origin.faults, [], replay);
        assert.deepEqual(
          origin.seen.map(({ method, body }) => ({ method, body })),
          messages.map(({ method, body }) => ({ method, body })),
          replay,
        );
        assert.deepEqual(
          statuses.slice(0, messages.length),
          messages.map(() => 200),
          replay,
        );
        if (end === 'refused') assert.ok((statuses[messages.length] ?? 0) >= 400, `${statuses} for ${replay}`);
        assert.ok(statuses.length <= messages.length + 1, `${statuses} for ${replay}`);
      }
    });

    it('leaves nothing behind', async () => {
      const { listeners, targets } = engine.counters();
      assert.equal(listeners[0]?.activeRequests, 0);
      assert.equal(targets[0]?.activeRequests, 0);
    });
  });
}
