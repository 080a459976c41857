import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import { request } from 'node:https';
import type { AddressInfo } from 'node:net';
import { after, before, describe, test } from 'node:test';
import { gunzipSync } from 'node:zlib';
import { PLAIN_HTTP } from '@evenkeel/model/plan/http.ts';
import { issue } from '@evenkeel/testbed/certificates/issue.ts';
import { requiresReactor } from '@evenkeel/testbed/reactors.ts';
import { WebSocket, WebSocketServer } from 'ws';
import { createEngine } from '../src/engine/create.ts';
import type { ProxyEngine } from '../src/engine/engine.ts';
import { bodyOf, freePort, httpOrigin, type Origin } from './exchange.ts';
import { changeOf, serviceOf } from './plans.ts';
import { certificateOf, httpsListener, ticketKeysOf, withShared } from './tls-plans.ts';

const root = issue({ commonName: 'root', ca: true });
const web = issue({ commonName: 'web.test', names: ['web.test'], key: 'p256', issuer: root, use: 'server' });
const trust = { servername: 'web.test', ca: root.certificate };

interface Answer {
  readonly headers: IncomingMessage['headers'];
  readonly body: Buffer;
}

for (const reactor of ['uring', 'portable'] as const) {
  describe(`sessions over TLS on ${reactor}`, { skip: requiresReactor(reactor) }, () => {
    let engine: ProxyEngine;
    let server: WebSocketServer;
    let origins: Origin[];
    let webSocketPort: number;
    let port: number;

    before(async () => {
      engine = await createEngine({ workers: 2, reactor });
      server = new WebSocketServer({ port: 0, host: '127.0.0.1' });
      await once(server, 'listening');
      server.on('connection', (socket) => {
        socket.on('message', (data, isBinary) => socket.send(data as Buffer, { binary: isBinary }));
      });
      origins = await Promise.all(
        ['a', 'b'].map((name) =>
          httpOrigin((_incoming, response) => {
            response.writeHead(200, { 'X-Origin': name, 'Content-Type': 'text/plain' });
            for (let i = 0; i < 20; i++) response.write('some text that repeats '.repeat(100));
            response.end();
          }),
        ),
      );
      webSocketPort = await freePort();
      port = await freePort();
      const key = Buffer.alloc(32, 3).toString('base64');
      const stickiness = { type: 'cookie', cookieName: 'EK', expiry: 0, key, oldKeys: [] } as const;
      const targets = [serviceOf([(server.address() as AddressInfo).port], { id: 'svc-ws' })];
      const sticky = serviceOf(
        origins.map((origin) => origin.port),
        { stickiness },
      );
      const http = { ...PLAIN_HTTP, compression: true };
      const listeners = [
        httpsListener(port, {}, { http }),
        httpsListener(webSocketPort, {}, { id: 'lsn-ws', serviceId: 'svc-ws' }),
      ];
      const change = changeOf([...targets, sticky], listeners);
      assert.deepEqual(await engine.apply(withShared(change, certificateOf('web', web), ticketKeysOf(1))), []);
    });

    after(async () => {
      await engine.stop(100);
      for (const origin of origins) await origin.close();
      await new Promise((resolve) => server.close(resolve));
    });

    async function send(headers: Record<string, string>): Promise<Answer> {
      const message = request({ host: '127.0.0.1', port, ...trust, headers: { ...headers, connection: 'close' } });
      message.end();
      const [response] = (await once(message, 'response')) as [IncomingMessage];
      const body = await bodyOf(response);
      assert.equal(response.statusCode, 200, body.toString());
      return { headers: response.headers, body };
    }

    test('WebSocket messages pass both ways, and the end with its code', async () => {
      const client = new WebSocket(`wss://127.0.0.1:${webSocketPort}/`, trust);
      await once(client, 'open');
      const hash = (data: Buffer): string => createHash('sha1').update(data).digest('hex');
      for (const size of [0, 1, 125, 65_536, 1024 * 1024]) {
        const message = randomBytes(size);
        client.send(message);
        const [back] = (await once(client, 'message')) as [Buffer];
        assert.equal(hash(back), hash(message), String(size));
      }
      client.close(4000, 'done');
      const [code, reason] = (await once(client, 'close')) as [number, Buffer];
      assert.deepEqual([code, reason.toString()], [4000, 'done']);
      const listener = () => engine.counters().listeners.find((one) => one.listenerId === 'lsn-ws');
      while (listener()?.activeConnections !== 0) await new Promise((resolve) => setTimeout(resolve, 2));
    });

    test('the cookie is for secure connections alone, and keeps the client', async () => {
      const first = await send({});
      const line = first.headers['set-cookie']?.[0] ?? '';
      assert.match(line, /^EK=[\w-]{36}; Path=\/; HttpOnly; SameSite=Lax; Secure$/);
      const cookie = line.split(';')[0]!;
      for (let i = 0; i < 10; i++) {
        const again = await send({ cookie });
        assert.equal(again.headers['x-origin'], first.headers['x-origin']);
        assert.equal(again.headers['set-cookie'], undefined);
      }
    });

    test('compressed answers come whole', async () => {
      for (;;) {
        const { headers, body } = await send({ 'accept-encoding': 'gzip' });
        if (headers['content-encoding'] !== 'gzip') continue;
        assert.equal(gunzipSync(body).toString(), 'some text that repeats '.repeat(2_000));
        return;
      }
    });
  });
}
