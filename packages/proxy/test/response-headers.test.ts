import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type IncomingMessage, request } from 'node:http';
import { after, before, describe, test } from 'node:test';
import { gunzipSync } from 'node:zlib';
import { PLAIN_HTTP } from '@evenkeel/model/plan/http.ts';
import { requiresReactor } from '@evenkeel/testbed/reactors.ts';
import { createEngine } from '../src/engine/create.ts';
import type { ProxyEngine } from '../src/engine/engine.ts';
import { bodyOf, freePort, httpOrigin, type Origin, rawExchange } from './exchange.ts';
import { changeOf, listenerOf, serviceOf } from './plans.ts';

const TEXT = Buffer.alloc(4_000, 'Some text that says little in many words. ');

async function ask(port: number, headers: Record<string, string> = {}) {
  const message = request({ host: '127.0.0.1', port, path: '/', headers });
  message.end();
  const [response] = (await once(message, 'response')) as [IncomingMessage];
  return { status: response.statusCode, headers: response.headers, body: await bodyOf(response) };
}

for (const reactor of ['uring', 'portable'] as const) {
  describe(`headers of answers that a listener changes, on ${reactor}`, { skip: requiresReactor(reactor) }, () => {
    let engine: ProxyEngine;
    let origin: Origin;
    let port: number;
    let emptyPort: number;

    before(async () => {
      engine = await createEngine({ workers: 1, reactor });
      origin = await httpOrigin((_request, response) => {
        response.setHeader('Content-Type', 'text/plain').setHeader('X-Powered-By', 'a program');
        response.setHeader('Server', 'a target').setHeader('X-Kind', 'theirs').end(TEXT);
      });
      port = await freePort();
      emptyPort = await freePort();
      const responseHeaders = [
        { operation: 'set', name: 'X-Kind', value: 'ours: ä' },
        { operation: 'add', name: 'X-Kind', value: 'and more' },
        { operation: 'remove', name: 'X-Powered-By', value: '' },
        { operation: 'remove', name: 'Server', value: '' },
      ] as const;
      const http = { ...PLAIN_HTTP, compression: true, responseHeaders };
      const refused = await engine.apply(
        changeOf(
          [serviceOf([origin.port]), serviceOf([], { id: 'svc-none' })],
          [listenerOf(port, { http }), listenerOf(emptyPort, { id: 'lsn-none', serviceId: 'svc-none', http })],
        ),
      );
      assert.deepEqual(refused, []);
    });

    after(async () => {
      await engine.stop(0);
      await origin.close();
    });

    test('those of targets, compressed or not', async () => {
      for (let i = 0; i < 3; i++) {
        const { headers, body } = await ask(port);
        assert.equal(Buffer.from(String(headers['x-kind']), 'latin1').toString(), 'ours: ä, and more');
        assert.deepEqual([headers['x-powered-by'], headers.server], [undefined, undefined]);
        assert.equal(body.equals(TEXT), true);
      }
      for (;;) {
        const { headers, body } = await ask(port, { 'accept-encoding': 'gzip' });
        assert.equal(headers['x-powered-by'], undefined);
        assert.match(String(headers['x-kind']), /^ours: .*, and more$/);
        // A busy machine may leave the worker no time to compress for a moment.
        if (headers['content-encoding'] === undefined) continue;
        assert.equal(gunzipSync(body).equals(TEXT), true);
        break;
      }
    });

    test('those of the load balancer itself', async () => {
      const { status, headers, body } = await ask(emptyPort);
      assert.deepEqual([status, headers.server, body.toString()], [503, undefined, '503 Service Unavailable\n']);
      assert.match(String(headers['x-kind']), /^ours: .*, and more$/);
      assert.equal(headers['content-length'], String(body.length));
      const bad = await rawExchange(port, 'GET / HTTP/1.1\r\nHost : a\r\n\r\n');
      assert.match(
        bad,
        /^HTTP\/1\.1 400 Bad Request\r\nDate: [^\r]+ GMT\r\nContent-Type: text\/plain\r\nContent-Length: \d+\r\nConnection: close\r\nX-Kind: /,
      );
      assert.match(bad, /\r\nX-Kind: and more\r\nX-Request-ID: \S+\r\n\r\n400 Bad Request\n$/);
    });
  });
}
