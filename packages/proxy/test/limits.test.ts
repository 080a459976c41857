import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { after, afterEach, before, beforeEach, describe, it } from 'node:test';
import { type PlannedLimits, STANDARD_LIMITS } from '@evenkeel/model/plan/limits.ts';
import type { PlannedListener } from '@evenkeel/model/plan/objects.ts';
import { PLAIN_TCP_LISTENER } from '@evenkeel/model/plan/plain.ts';
import { requiresReactor } from '@evenkeel/testbed/reactors.ts';
import { createEngine } from '../src/engine/create.ts';
import type { ListenerCounters } from '../src/telemetry/counters.ts';
import { bodyOf, freePort, httpOrigin, type Origin, tcpOrigin } from './exchange.ts';
import { Front, statusesIn } from './front.ts';
import { changeOf, listenerOf, serviceOf } from './plans.ts';

const GET = 'GET / HTTP/1.1\r\nHost: a\r\n\r\n';
const LAST = 'GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n';
const post = (fields: string, body = '') => `POST / HTTP/1.1\r\nHost: a\r\n${fields}\r\n\r\n${body}`;

const limited = (limits: Partial<PlannedLimits>, more: Partial<PlannedListener> = {}): Partial<PlannedListener> => ({
  limits: { ...STANDARD_LIMITS, ...limits },
  ...more,
});

/** What happens at a limit. */
interface Case {
  readonly name: string;
  readonly listener: Partial<PlannedListener>;
  readonly sent: string;
  readonly end?: boolean;
  readonly statuses: readonly number[];
  readonly limit: string;
  readonly reason: string;
  /** Of the last answer. */
  readonly says?: RegExp;
}

const CASES: readonly Case[] = [
  {
    name: 'a request target that is too long',
    listener: limited({ targetLength: 16 }),
    sent: 'GET /aaaaaaaaaaaaaaaa HTTP/1.1\r\nHost: a\r\n\r\n',
    statuses: [414],
    limit: 'target-length',
    reason: 'client-request-head',
  },
  {
    name: 'a request target beyond what any listener takes',
    listener: {},
    sent: `GET /${'a'.repeat(8_192)} HTTP/1.1\r\nHost: a\r\n\r\n`,
    statuses: [414],
    limit: 'target-length',
    reason: 'client-request-head',
  },
  {
    name: 'a head that is too large',
    listener: limited({ headerSize: 256 }),
    sent: `GET / HTTP/1.1\r\nHost: a\r\nX: ${'x'.repeat(256)}\r\n\r\n`,
    statuses: [431],
    limit: 'header-size',
    reason: 'client-request-head',
  },
  {
    name: 'a head that is too large before it is complete',
    listener: limited({ headerSize: 256 }),
    sent: `GET / HTTP/1.1\r\nHost: a\r\nX: ${'x'.repeat(256)}`,
    statuses: [431],
    limit: 'header-size',
    reason: 'client-request-head',
  },
  {
    name: 'too many fields',
    listener: limited({ headerCount: 2 }),
    sent: 'GET / HTTP/1.1\r\nHost: a\r\nA: 1\r\nB: 2\r\n\r\n',
    statuses: [431],
    limit: 'header-count',
    reason: 'client-request-head',
  },
  {
    name: 'a body whose declared length is too large, before any of it is sent',
    listener: limited({ bodySize: 100 }),
    sent: post('Content-Length: 101'),
    statuses: [413],
    limit: 'body-size',
    reason: 'client-request-body',
  },
  {
    name: 'a body that grows too large by its chunks',
    listener: limited({ bodySize: 100 }),
    sent: post('Transfer-Encoding: chunked', `32\r\n${'a'.repeat(50)}\r\n33\r\n`),
    statuses: [413],
    limit: 'body-size',
    reason: 'client-request-body',
  },
  {
    name: 'a body that is as large as it may be',
    listener: limited({ bodySize: 100 }),
    sent: post('Transfer-Encoding: chunked\r\nConnection: close', `64\r\n${'a'.repeat(100)}\r\n0\r\n\r\n`),
    statuses: [200],
    limit: '',
    reason: 'none',
  },
  {
    name: 'a body that is not sent with Expect, as it would be too large',
    listener: limited({ bodySize: 100 }),
    sent: post('Content-Length: 101\r\nExpect: 100-continue'),
    statuses: [413],
    limit: 'body-size',
    reason: 'client-request-body',
  },
  {
    name: 'requests beyond the rate',
    listener: limited({ requestsPerSecond: 1 }),
    sent: GET + LAST,
    statuses: [200, 429],
    limit: 'requests-per-second',
    reason: 'proxy-request-head',
    says: /\r\nRetry-After: 1\r\n/,
  },
  {
    name: 'the last request that a connection may carry',
    listener: limited({ requestsPerConnection: 2 }),
    sent: GET + GET + GET,
    statuses: [200, 200],
    limit: '',
    reason: 'none',
    says: /\r\nConnection: close\r\n/,
  },
  {
    name: 'one request for each connection',
    listener: limited({ keepAliveTimeout: 0 }),
    sent: GET + GET,
    statuses: [200],
    limit: '',
    reason: 'none',
    says: /\r\nConnection: close\r\n/,
  },
  {
    name: 'a head that does not come in time',
    listener: { headerTimeout: 100 },
    sent: 'GET / HT',
    statuses: [408],
    limit: 'header-timeout',
    reason: 'client-request-head',
  },
  {
    name: 'a body that does not go on',
    listener: limited({ bodyTimeout: 100 }),
    sent: post('Content-Length: 100', 'a'),
    statuses: [408],
    limit: 'body-timeout',
    reason: 'client-request-body',
  },
  {
    name: 'a connection without a next request',
    listener: limited({ keepAliveTimeout: 100 }),
    sent: GET,
    statuses: [200],
    limit: '',
    reason: 'none',
  },
];

for (const reactor of ['uring', 'portable'] as const) {
  describe(`limits on ${reactor}`, { skip: requiresReactor(reactor), timeout: 60_000 }, () => {
    let front: Front;
    let origin: Origin;
    const sockets = new Set<Socket>();

    before(async () => {
      front = await Front.open(reactor);
      origin = await httpOrigin(async (request, response) => {
        await bodyOf(request).catch(() => undefined);
        response.end('ok');
      });
    });

    after(async () => {
      await front.engine.stop(1_000);
      await origin.close();
    });

    beforeEach(() => sockets.clear());
    afterEach(() => {
      for (const socket of sockets) socket.destroy();
    });

    const counters = (): ListenerCounters => front.engine.counters().listeners[0]!;
    const limitsOf = (): Readonly<Record<string, number>> => counters()?.limits ?? {};

    async function client(): Promise<{ socket: Socket; received: () => string; over: Promise<string> }> {
      const socket = connect({ port: front.port, host: '127.0.0.1', allowHalfOpen: true });
      sockets.add(socket);
      let text = '';
      socket.setEncoding('latin1').on('data', (piece: string) => {
        text += piece;
      });
      const over = new Promise<string>((resolve) => {
        socket.on('end', () => resolve('end'));
        socket.on('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? 'error'));
      });
      await once(socket, 'connect');
      return { socket, received: () => text, over };
    }

    async function until(is: () => boolean): Promise<void> {
      while (!is()) await new Promise((resolve) => setTimeout(resolve, 5));
    }

    for (const { name, listener, sent, statuses, limit, reason, says } of CASES) {
      it(`${name}: ${statuses.join(', ')}, counted as ${limit === '' ? 'nothing' : limit}`, async () => {
        await front.plan([origin.port], listener);
        const before = limitsOf();
        const text = await front.talk(sent);
        assert.deepEqual(statusesIn(text), statuses);
        if (says !== undefined) assert.match(text.slice(text.lastIndexOf('HTTP/1.1 ')), says);
        const lines = await front.lines(statuses.length);
        assert.equal(lines.at(-1)!['limit'], limit === '' ? undefined : limit);
        assert.equal(lines.at(-1)!['reason'], reason);
        const now = limitsOf();
        const expected = limit === '' ? before : { ...before, [limit]: (before[limit] ?? 0) + 1 };
        assert.deepEqual({ ...now }, { ...expected });
      });
    }

    it('bytes that come too slowly do not keep a body going, those at the rate do', async () => {
      await front.plan([origin.port], limited({ bodyTimeout: 200, minimumRate: 1_000 }));
      const slow = await client();
      slow.socket.write(post('Content-Length: 100000'));
      const dripping = setInterval(() => slow.socket.write('a'), 20);
      await slow.over;
      clearInterval(dripping);
      assert.deepEqual(statusesIn(slow.received()), [408]);
      assert.equal((await front.lines(1))[0]!['limit'], 'minimum-rate');

      // Once more where the machine has kept the client from its rate.
      let longest = Number.POSITIVE_INFINITY;
      let statuses: number[] = [];
      while (longest > 100 && statuses[0] !== 200) {
        const steady = await client();
        longest = 0;
        let last = performance.now();
        steady.socket.write(post('Connection: close\r\nContent-Length: 2000'));
        for (let i = 0; i < 20 && steady.socket.writable; i++) {
          steady.socket.write('a'.repeat(100));
          longest = Math.max(longest, performance.now() - last);
          last = performance.now();
          await new Promise((resolve) => setTimeout(resolve, 20));
        }
        await steady.over;
        longest = Math.max(longest, performance.now() - last);
        statuses = statusesIn(steady.received());
      }
      assert.deepEqual(statuses, [200]);
    });

    it('the answer to a body that is too large reaches a client that is still sending, but not for ever', async () => {
      await front.plan([origin.port], limited({ bodySize: 1_000 }));
      const { socket, received, over } = await client();
      const closed = new Promise((resolve) => socket.on('close', resolve));
      socket.write(post('Content-Length: 100000000000'));
      const piece = Buffer.alloc(1024 * 1024);
      let sent = 0;
      const more = (): void => {
        while (socket.writable && sent < 1024 && socket.write(piece)) sent++;
        sent++;
      };
      socket.on('drain', more);
      more();
      assert.equal(await over, 'end');
      assert.deepEqual(statusesIn(received()), [413]);
      await closed;
      assert.ok(sent > 200 && sent < 400, `${sent} MiB were taken`);
    });

    it('a client that does not take its response is closed, and counted', async () => {
      const large = await httpOrigin((_request, response) => response.end(Buffer.alloc(16 * 1024 * 1024)));
      try {
        await front.plan([large.port], limited({ sendTimeout: 150 }));
        const { socket } = await client();
        socket.pause();
        socket.write(GET);
        const [line] = await front.lines(1);
        assert.deepEqual([line!['limit'], line!['reason']], ['send-timeout', 'client-response-body']);
      } finally {
        await large.close();
      }
    });

    it('a target that takes nothing of a request body ends it with 504', async () => {
      const deaf = await tcpOrigin((socket) => socket.pause());
      try {
        await front.plan([deaf.port], { idleTimeout: 20_000 }, { sendTimeout: 200, readTimeout: 20_000 });
        const { socket, received, over } = await client();
        const size = 64 * 1024 * 1024;
        socket.on('error', () => undefined);
        socket.write(post(`Content-Length: ${size}`));
        socket.write(Buffer.alloc(size));
        await over;
        assert.deepEqual(statusesIn(received()), [504]);
      } finally {
        await deaf.close();
      }
    });

    it('connections beyond the limit get 503 and leave those that are there alone', async () => {
      await front.plan([origin.port], limited({ connections: 2 }));
      await until(() => (counters()?.activeConnections ?? 0) === 0);
      const first = [await client(), await client()];
      for (const { socket } of first) socket.write(GET);
      await until(() => first.every(({ received }) => statusesIn(received()).length === 1));
      const refused = await front.talk(GET);
      assert.deepEqual(statusesIn(refused), [503]);
      assert.match(refused, /\r\nRetry-After: 1\r\nConnection: close\r\n/);
      first[0]!.socket.write(GET);
      await until(() => statusesIn(first[0]!.received()).length === 2);
      assert.ok(limitsOf()['connections']! > 0);
      // A place that is given back is free again.
      first[1]!.socket.destroy();
      await until(() => counters().activeConnections === 1);
      assert.deepEqual(statusesIn(await front.talk(LAST)), [200]);
    });

    it('a limit that is lowered closes nobody', async () => {
      await front.plan([origin.port], limited({}));
      const here = [await client(), await client(), await client()];
      for (const { socket } of here) socket.write(GET);
      await until(() => here.every(({ received }) => statusesIn(received()).length === 1));
      await front.plan([origin.port], limited({ connections: 1 }));
      for (const { socket } of here) socket.write(GET);
      await until(() => here.every(({ received }) => statusesIn(received()).length === 2));
      assert.deepEqual(statusesIn(await front.talk(GET)), [503]);
    });

    it('new connections beyond the rate are turned away; a second later there is room again', async () => {
      await front.plan([origin.port], limited({ connectionsPerSecond: 2 }));
      const started = performance.now();
      const answers = await Promise.all(Array.from({ length: 40 }, () => front.talk(LAST)));
      const seconds = (performance.now() - started) / 1_000;
      const statuses = answers.flatMap(statusesIn);
      const taken = statuses.filter((status) => status === 200).length;
      assert.ok(taken >= 2 && taken <= 2 + 2 * seconds + 1, `${taken} in ${seconds} s`);
      assert.equal(statuses.filter((status) => status === 503).length, 40 - taken);
      await new Promise((resolve) => setTimeout(resolve, 1_000));
      assert.deepEqual(statusesIn(await front.talk(LAST)), [200]);
      assert.ok(limitsOf()['connections-per-second']! > 0);
    });
  });

  describe(`limits of several workers on ${reactor}`, { skip: requiresReactor(reactor), timeout: 60_000 }, () => {
    it('hold for all of them together, exactly, and tcp clients are reset', async () => {
      const engine = await createEngine({ workers: 2, reactor });
      const echo = await tcpOrigin((socket) => socket.pipe(socket));
      const port = await freePort();
      const sockets: Socket[] = [];
      try {
        const tcp = { ...PLAIN_TCP_LISTENER, protocol: 'tcp' } as const;
        const listener = listenerOf(port, { ...tcp, ...limited({ connections: 10 }) });
        assert.deepEqual(await engine.apply(changeOf([serviceOf([echo.port], { protocol: 'tcp' })], [listener])), []);
        const outcomes = await Promise.all(
          Array.from({ length: 40 }, (_, i) => {
            const socket = connect({ port, host: '127.0.0.1', localAddress: `127.0.0.${1 + (i % 20)}` });
            sockets.push(socket);
            return new Promise<string>((resolve) => {
              socket.on('data', (data) => resolve(String(data)));
              socket.on('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? ''));
              socket.on('end', () => resolve('end'));
              socket.write('hello');
            });
          }),
        );
        assert.equal(outcomes.filter((outcome) => outcome === 'hello').length, 10, outcomes.join());
        const { limits, activeConnections } = engine.counters().listeners[0]!;
        assert.deepEqual([limits, activeConnections], [{ connections: 30 }, 10]);
      } finally {
        for (const socket of sockets) socket.destroy();
        await engine.stop(1_000);
        await echo.close();
      }
    });
  });
}
