import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { type AddressInfo, connect, type Socket } from 'node:net';
import { after, before, describe, test } from 'node:test';
import { requiresReactor } from '@evenkeel/testbed/reactors.ts';
import { type EchoOrigin, echoOrigin } from '@evenkeel/testbed/websocket/echo-origin.ts';
import { frame, Opcode } from '@evenkeel/testbed/websocket/frame.ts';
import { WebSocket, WebSocketServer } from 'ws';
import { createEngine } from '../src/engine/create.ts';
import type { ProxyEngine } from '../src/engine/engine.ts';
import { freePort, type Origin, rawExchange, tcpOrigin } from './exchange.ts';
import { changeOf, listenerOf, serviceOf } from './plans.ts';
import { HANDSHAKE, listenForUpgrades } from './upgrades.ts';

const NOTHING = 'HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n';

/** A connection that has switched, and what has come of it since. */
async function switched(port: number, request = HANDSHAKE): Promise<{ socket: Socket; received: () => Buffer }> {
  const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true });
  socket.on('error', () => undefined);
  let bytes: Buffer = Buffer.alloc(0);
  socket.on('data', (chunk: Buffer) => {
    bytes = Buffer.concat([bytes, chunk]);
  });
  socket.write(request);
  while (!bytes.includes('\r\n\r\n')) await once(socket, 'data');
  assert.match(bytes.toString('latin1'), /^HTTP\/1.1 101 /);
  const start = bytes.indexOf('\r\n\r\n') + 4;
  return { socket, received: () => bytes.subarray(start) };
}

/** Resolves when the connection is gone, however it ended. */
function closed(socket: Socket): Promise<void> {
  return new Promise((resolve) => {
    socket.once('close', () => resolve());
  });
}

for (const reactor of ['uring', 'portable'] as const) {
  describe(`upgrades on ${reactor}`, { skip: requiresReactor(reactor) }, () => {
    let engine: ProxyEngine;
    let buffers: number;
    let echo: EchoOrigin;

    before(async () => {
      engine = await createEngine({ workers: 2, reactor });
      buffers = engine.counters().workers[0]!.freeBuffers;
      echo = await echoOrigin();
    });

    after(async () => {
      await engine.stop(100);
      await echo.close();
    });

    const listen = (name: string, target: number, upgradeIdleTimeout?: number): Promise<number> =>
      listenForUpgrades(engine, name, target, upgradeIdleTimeout);

    /** An origin of bytes: `serve` is called with what comes behind the request's head. */
    async function answering(
      name: string,
      answer: string,
      serve: (socket: Socket, rest: string, head: string) => void = () => undefined,
    ): Promise<{ port: number; origin: Origin; heads: string[] }> {
      const heads: string[] = [];
      const origin = await tcpOrigin((socket) => {
        let text = '';
        const read = (chunk: Buffer): void => {
          text += chunk.toString('latin1');
          const end = text.indexOf('\r\n\r\n');
          if (end < 0) return;
          socket.off('data', read);
          heads.push(text.slice(0, end + 2));
          socket.write(answer);
          serve(socket, text.slice(end + 4), text.slice(0, end));
        };
        socket.on('data', read);
      });
      return { port: await listen(name, origin.port), origin, heads };
    }

    const counted = (name: string) => engine.counters().listeners.find((one) => one.listenerId === `lsn-${name}`)!;

    async function until(what: () => boolean): Promise<void> {
      while (!what()) await new Promise((resolve) => setTimeout(resolve, 2));
    }

    test('messages of all sizes, pings, fragments and compression pass between independent peers', async () => {
      const server = new WebSocketServer({ port: 0, host: '127.0.0.1', perMessageDeflate: true });
      await once(server, 'listening');
      server.on('connection', (socket) => {
        socket.on('message', (data, isBinary) => socket.send(data as Buffer, { binary: isBinary }));
      });
      const own = await listen('ws', (server.address() as AddressInfo).port);
      for (const perMessageDeflate of [false, true]) {
        const client = new WebSocket(`ws://127.0.0.1:${own}/chat`, { perMessageDeflate });
        await once(client, 'open');
        assert.equal(client.extensions, perMessageDeflate ? 'permessage-deflate' : '');
        const expected: string[] = [];
        const got: string[] = [];
        client.on('message', (data: Buffer) => got.push(createHash('sha1').update(data).digest('hex')));
        for (const size of [0, 1, 125, 126, 65_535, 65_536, 1024 * 1024]) {
          const message = randomBytes(size);
          expected.push(createHash('sha1').update(message).digest('hex'));
          client.send(message.subarray(0, size >> 1), { fin: false });
          client.send(message.subarray(size >> 1), { fin: true });
        }
        client.ping('are you there');
        const [pong] = (await once(client, 'pong')) as [Buffer];
        assert.equal(pong.toString(), 'are you there');
        while (got.length < expected.length) await once(client, 'message');
        assert.deepEqual(got, expected);
        client.close(4321, 'enough');
        const [code, reason] = (await once(client, 'close')) as [number, Buffer];
        assert.deepEqual([code, reason.toString()], [4321, 'enough']);
      }
      const client = new WebSocket(`ws://127.0.0.1:${own}/chat`);
      await once(client, 'open');
      for (const socket of server.clients) socket.close(1013, 'later');
      const [code, reason] = (await once(client, 'close')) as [number, Buffer];
      assert.deepEqual([code, reason.toString()], [1013, 'later']);
      await new Promise((resolve) => server.close(resolve));
    });

    test('the target is asked for the protocol and nothing else of the connection', async () => {
      const { port: own, origin, heads } = await answering('asks', NOTHING);
      await rawExchange(own, `${HANDSHAKE.replace('keep-alive, Upgrade', 'x-one, upgrade, close')}`);
      assert.equal(heads[0]?.match(/^connection: .*$/gim)?.join(), 'Connection: Upgrade');
      assert.match(heads[0]!, /\r\nUpgrade: websocket\r\n/);
      assert.match(heads[0]!, /\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n/);
      await origin.close();
    });

    test('what may not be asked for is not passed on, and the request goes on without it', async () => {
      const { port: own, origin, heads } = await answering('plain', NOTHING);
      const ask = (fields: string, body = ''): string =>
        `POST / HTTP/1.1\r\nHost: a\r\nConnection: close, upgrade, http2-settings\r\n${fields}\r\n${body}`;
      const requests = [
        ask('Upgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQAoAAAAAIAAAAA\r\n'),
        ask('Upgrade: H2C\r\n'),
        ask('Upgrade: h2\r\n'),
        ask('Upgrade: TLS/1.2\r\n'),
        ask('Upgrade: HTTP/2.0\r\n'),
        ask('Upgrade: websocket, h2c\r\n'),
        ask('Upgrade: websocket\r\nUpgrade: h2c\r\n'),
        ask('Upgrade: web socket\r\n'),
        ask('Upgrade: websocket/\r\n'),
        ask('Upgrade:\r\n'),
        ask('Upgrade: websocket\r\nContent-Length: 4\r\n', 'body'),
        ask('Upgrade: websocket\r\nTransfer-Encoding: chunked\r\n', '0\r\n\r\n'),
        ask('Upgrade: websocket\r\n').replace('HTTP/1.1', 'HTTP/1.0'),
        ask('Upgrade: websocket\r\n').replace('close, upgrade', 'close'),
      ];
      for (const request of requests) assert.match(await rawExchange(own, request), /^HTTP\/1.1 200 /, request);
      assert.equal(heads.length, requests.length);
      for (const [index, head] of heads.entries()) assert.doesNotMatch(head, /upgrade|http2/i, requests[index]);
      assert.match(await rawExchange(own, 'CONNECT a.test:443 HTTP/1.1\r\nHost: a.test\r\n\r\n'), /^HTTP\/1.1 405 /);
      await origin.close();
    });

    test('a 101 that nobody asked for, or to something else, is 502, and nothing behind it is passed on', async () => {
      const plain = 'GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n';
      const lines = 'HTTP/1.1 101 Switching Protocols\r\n';
      for (const [request, answer] of [
        [plain, `${lines}Connection: Upgrade\r\nUpgrade: websocket\r\n\r\nsecret`],
        [plain, `${lines}\r\nsecret`],
        [HANDSHAKE, `${lines}Connection: Upgrade\r\nUpgrade: h2c\r\n\r\nsecret`],
        [HANDSHAKE, `${lines}Connection: Upgrade\r\nUpgrade: websocket/14\r\n\r\nsecret`],
        [HANDSHAKE, `${lines}Connection: Upgrade\r\nUpgrade: websocket\r\nUpgrade: h2c\r\n\r\nsecret`],
        [HANDSHAKE, `${lines}Connection: Upgrade\r\n\r\nsecret`],
        [HANDSHAKE, `${lines}Upgrade: websocket\r\n\r\nsecret`],
        [HANDSHAKE, `${lines}Connection: Upgrade\r\nUpgrade: websocket\r\nContent-Length: 6\r\n\r\nsecret`],
      ] as const) {
        const { port: own, origin } = await answering('wrong', answer);
        const text = await rawExchange(own, request.replace('keep-alive, Upgrade', 'Upgrade, close'));
        assert.match(text, /^HTTP\/1.1 502 /, answer);
        assert.doesNotMatch(text, /secret/);
        await origin.close();
      }
    });

    test('any other answer is an answer, and the connection carries the next request', async () => {
      const {
        port: own,
        origin,
        heads,
      } = await answering(
        'other',
        'HTTP/1.1 426 Upgrade Required\r\nContent-Length: 2\r\nUpgrade: foo\r\nConnection: close\r\n\r\nno',
      );
      const text = await rawExchange(own, `${HANDSHAKE}GET /next HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n`);
      assert.equal(text.match(/HTTP\/1.1 426 /g)?.length, 2);
      assert.doesNotMatch(text, /Upgrade: foo/);
      assert.deepEqual(
        heads.map((head) => head.split(' ')[1]),
        ['/chat?room=1', '/next'],
      );
      await origin.close();
    });

    test('nothing behind the heads is lost, whoever speaks first, also behind an interim response', async () => {
      const { port: own, origin } = await answering(
        'early',
        'HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n' +
          'HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: WebSocket\r\nX-One: 1\r\n\r\nwelcome',
        (socket, rest) => {
          socket.write(`[${rest}]`);
          socket.on('data', (chunk) => socket.write(chunk));
          socket.on('end', () => socket.end('bye'));
        },
      );
      const text = await rawExchange(own, `${HANDSHAKE}hello`, true);
      const [interim, head, rest] = text.split('\r\n\r\n');
      assert.match(interim!, /^HTTP\/1.1 103 /);
      assert.match(head!, /^HTTP\/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\n/);
      assert.match(head!, /\r\nUpgrade: WebSocket\r\nX-One: 1$/);
      // What came with the request may be read with it or behind it.
      assert.match(rest!, /^welcome(\[hello\]|\[\]hello)bye$/);
      await origin.close();
    });

    test('a client that has ended already is told all, and the target of its end', async () => {
      const { port: own, origin } = await answering(
        'ended',
        'HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n',
        (socket) => socket.on('data', () => undefined).on('end', () => socket.end('all')),
      );
      assert.match(await rawExchange(own, HANDSHAKE, true), /\r\n\r\nall$/);
      await origin.close();
    });

    test('a side that does not read stops the other one, and all comes when it reads again', async () => {
      const size = 24 * 1024 * 1024;
      let taken = 0;
      let release: () => void = () => undefined;
      const { port: own, origin } = await answering(
        'slow',
        'HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n',
        (socket) => {
          socket.pause();
          release = () => socket.resume();
          socket.on('data', (chunk) => {
            taken += chunk.length;
          });
          socket.on('end', () => socket.end(String(taken)));
        },
      );
      const { socket, received } = await switched(own);
      const before = counted('slow').bytesReceived;
      let flushed = false;
      socket.end(Buffer.alloc(size, 'x'), () => {
        flushed = true;
      });
      let last = -1;
      // Until nothing moves any more: the kernel's buffers on the way are full.
      while (counted('slow').bytesReceived !== last) {
        last = counted('slow').bytesReceived;
        await new Promise((resolve) => setTimeout(resolve, 100));
      }
      assert.ok(last - before < size / 2, `${last - before} bytes were taken from the client`);
      assert.equal(flushed, false);
      release();
      await once(socket, 'end');
      assert.equal(received().toString(), String(size));
      socket.destroy();
      await origin.close();
    });

    test('it is a request until it ends: counted, then logged with both sizes, its time and its reason', async () => {
      const own = await listen('logged', echo.port);
      const { socket, received } = await switched(own);
      const target = () => engine.counters().targets.find((one) => one.serviceId === 'svc-logged')!;
      assert.deepEqual([counted('logged').activeRequests, target().activeRequests], [1, 1]);
      assert.deepEqual([counted('logged').responses[1], target().responses[1]], [1, 1]);
      assert.equal(
        counted('logged').duration.counts.reduce((sum, count) => sum + count, 0),
        1,
      );
      const sent = frame({ opcode: Opcode.text, payload: 'x'.repeat(1000) });
      socket.write(sent);
      await until(() => received().length >= 1004);
      socket.end(frame({ opcode: Opcode.close }));
      await once(socket, 'end');
      await until(() => counted('logged').activeConnections === 0);
      assert.deepEqual([counted('logged').activeRequests, target().activeRequests], [0, 0]);
      assert.equal(target().activeConnections, 0);
      assert.equal(counted('logged').reasons.none, 1);
      let text = '';
      await until(() => {
        const lines = engine.readAccessLog();
        if (lines !== null) text += Buffer.from(lines).toString();
        return text.includes('"lsn-logged"');
      });
      const line = JSON.parse(text.split('\n').find((one) => one.includes('"lsn-logged"')) ?? '');
      assert.equal(line.status, 101);
      assert.equal(line.method, 'GET');
      assert.equal(line.uri, '/chat?room=1');
      assert.equal(line.host, 'a.test');
      assert.equal(line.user_agent, 'case');
      assert.equal(line.reason, 'none');
      assert.equal(line.client_ip, '127.0.0.1');
      assert.equal(line.vip, '127.0.0.1');
      assert.equal(line.request_length, HANDSHAKE.length + sent.length + 6);
      assert.ok(line.bytes_sent > 1004 && line.bytes_sent === counted('logged').bytesSent);
      assert.equal(line.request_length, counted('logged').bytesReceived);
    });

    test('silence has a limit of its own, which the other side of it resets', async () => {
      const own = await listen('idle', echo.port, 300);
      const { socket, received } = await switched(own);
      const start = performance.now();
      for (let round = 1; round <= 4; round++) {
        await new Promise((resolve) => setTimeout(resolve, 150));
        socket.write(frame({ opcode: Opcode.ping }));
        await until(() => received().length === 2 * round);
      }
      await closed(socket);
      assert.ok(performance.now() - start > 880);
      await until(() => counted('idle').activeConnections === 0);
      assert.equal(counted('idle').reasons['proxy-idle'], 1);
    });

    test('a change of the listener, its rules or targets touches no tunnel; draining has its time', async () => {
      const own = await listen('change', echo.port);
      const other = await echoOrigin();
      const { socket, received } = await switched(own);
      const answers = async (count: number): Promise<void> => {
        socket.write(frame({ opcode: Opcode.ping }));
        await until(() => received().length === 2 * count);
      };
      await answers(1);
      const listener = listenerOf(own, { id: 'lsn-change', serviceId: 'svc-change', idleTimeout: 9_000 });
      await engine.apply(changeOf([], [listener]));
      await answers(2);
      await engine.apply(changeOf([serviceOf([echo.port, other.port], { id: 'svc-change' })], []));
      await answers(3);
      const cut = closed(socket);
      // Its target leaves: what runs may go on for the drain time and is cut then.
      await engine.apply(changeOf([serviceOf([other.port], { id: 'svc-change', drainTimeout: 400 })], []));
      await answers(4);
      await cut;
      assert.equal(counted('change').reasons['proxy-tunnel'], 1);
      await other.close();
    });

    test('a listener that is removed lets tunnels go on for the drain time', async () => {
      const own = await listen('gone', echo.port);
      const { socket, received } = await switched(own);
      await engine.apply(changeOf([], [], { listeners: ['lsn-gone'] }));
      socket.write(frame({ opcode: Opcode.ping }));
      await until(() => received().length === 2);
      await closed(socket);
    });

    test('least connections counts a tunnel for as long as it lasts', async () => {
      const others = await Promise.all([echoOrigin(), echoOrigin()]);
      const own = await freePort();
      const service = serviceOf(
        others.map((one) => one.port),
        { id: 'svc-least', algorithm: 'least-connections' },
      );
      await engine.apply(changeOf([service], [listenerOf(own, { id: 'lsn-least', serviceId: 'svc-least' })]));
      const open = [];
      for (let i = 0; i < 10; i++) open.push(await switched(own));
      assert.deepEqual(
        others.map((one) => one.connections.length),
        [5, 5],
      );
      const loads = () => engine.counters().targets.filter((one) => one.serviceId === 'svc-least');
      assert.deepEqual(
        loads().map((one) => one.activeRequests),
        [5, 5],
      );
      for (const { socket } of open) socket.destroy();
      await until(() => loads().every((one) => one.activeRequests === 0 && one.activeConnections === 0));
      for (const one of others) await one.close();
    });

    test('no buffer is left behind', async () => {
      const held = (): number[] => engine.counters().workers.map(({ freeBuffers }) => freeBuffers);
      // The workers write it down now and then.
      while (held().some((free) => free !== buffers)) await new Promise((resolve) => setTimeout(resolve, 20));
    });
  });
}
