import assert from 'node:assert/strict';
import { once } from 'node:events';
import { Agent, type IncomingMessage, type RequestOptions, request } from 'node:http';
import { after, before, describe, test } from 'node:test';
import { brotliDecompressSync, gunzipSync } from 'node:zlib';
import { PLAIN_HTTP } from '@evenkeel/model/plan/http.ts';
import { requiresReactor } from '@evenkeel/testbed/reactors.ts';
import { createEngine } from '../src/engine/create.ts';
import type { ProxyEngine } from '../src/engine/engine.ts';
import { bodyOf, freePort, httpOrigin, type Origin, rawExchange, tcpOrigin } from './exchange.ts';
import { changeOf, listenerOf, serviceOf } from './plans.ts';

interface Answer {
  readonly status: number;
  readonly headers: IncomingMessage['headers'];
  readonly body: Buffer;
}

async function send(port: number, path: string, accept: string | null, options: RequestOptions = {}): Promise<Answer> {
  const headers = { ...options.headers, ...(accept === null ? {} : { 'accept-encoding': accept }) };
  const message = request({ host: '127.0.0.1', port, path, ...options, headers });
  message.end();
  const [response] = (await once(message, 'response')) as [IncomingMessage];
  return { status: response.statusCode ?? 0, headers: response.headers, body: await bodyOf(response) };
}

/** The same when the worker has time to compress it: a busy machine may leave it none for a moment. */
async function squeezed(port: number, path: string, accept: string): Promise<Answer> {
  for (;;) {
    const answer = await send(port, path, accept);
    if (answer.headers['content-encoding'] !== undefined) return answer;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

function decoded({ headers, body }: Answer): Buffer {
  if (headers['content-encoding'] === 'gzip') return gunzipSync(body);
  return headers['content-encoding'] === 'br' ? brotliDecompressSync(body) : body;
}

const textOf = (size: number): Buffer => Buffer.alloc(size, 'Some text that says little in many words. ');

for (const reactor of ['uring', 'portable'] as const) {
  describe(`compression and error pages on ${reactor}`, { skip: requiresReactor(reactor) }, () => {
    let engine: ProxyEngine;
    let buffers: number;
    let origin: Origin;
    let port: number;
    let plainPort: number;

    before(async () => {
      engine = await createEngine({ workers: 1, reactor });
      buffers = engine.counters().workers[0]!.freeBuffers;
      origin = await httpOrigin((incoming, response) => {
        const query = new URL(incoming.url ?? '/', 'http://origin').searchParams;
        const body = textOf(Number(query.get('size') ?? 5_000));
        response.statusCode = Number(query.get('status') ?? 200);
        response.setHeader('Content-Type', query.get('type') ?? 'text/html; charset=utf-8');
        for (const field of query.getAll('field')) {
          const [name, value] = field.split(': ') as [string, string];
          response.setHeader(name, value);
        }
        if (query.get('close') === '1') response.useChunkedEncodingByDefault = false;
        if (query.get('chunks') === null) response.setHeader('Content-Length', body.length);
        const chunks = Number(query.get('chunks') ?? 1);
        for (let i = 0; i < chunks; i++) {
          response.write(body.subarray((i * body.length) / chunks, ((i + 1) * body.length) / chunks));
        }
        response.end();
      });
      port = await freePort();
      plainPort = await freePort();
      const errorPages = [
        { status: 503, contentType: 'text/html; charset=utf-8', body: '<h1>Später</h1>' },
        { status: 400, contentType: 'text/plain', body: 'x'.repeat(16_384) },
        { status: 404, contentType: 'text/plain', body: 'only for answers of the proxy itself' },
        { status: 405, contentType: 'text/plain', body: 'not that', location: 'https://status.test/sorry?x' },
      ];
      const http = { ...PLAIN_HTTP, compression: true, relativeRedirects: true, errorPages };
      const refused = await engine.apply(
        changeOf(
          [serviceOf([origin.port]), serviceOf([], { id: 'svc-none' })],
          [listenerOf(port, { http }), listenerOf(plainPort, { id: 'lsn-none', serviceId: 'svc-none', http })],
        ),
      );
      assert.deepEqual(refused, []);
    });

    after(async () => {
      await engine.stop(100);
      await origin.close();
    });

    test('bodies of all sizes and framings come back as they were, on one connection', async () => {
      const agent = new Agent({ keepAlive: true, maxSockets: 1 });
      for (const size of [0, 1, 1_023, 1_024, 5_000, 15_000, 16_384, 40_000, 300_000]) {
        for (const accept of [
          'gzip',
          'br',
          'gzip, br',
          'gzip;q=1, br;q=0.5',
          'identity',
          'identity, gzip;q=0.5',
          null,
        ]) {
          for (const query of [`size=${size}`, `size=${size}&chunks=1`, `size=${size}&chunks=7`]) {
            const answer = await send(port, `/?${query}`, accept, { agent });
            const label = `${query} ${accept} ${JSON.stringify(answer.headers)}`;
            assert.equal(decoded(answer).equals(textOf(size)), true, label);
            const coding = answer.headers['content-encoding'];
            if (accept === null || accept.startsWith('identity')) assert.equal(coding, undefined, label);
            if (coding !== undefined) assert.ok(accept?.includes(coding), label);
            assert.equal(answer.headers.vary, 'Accept-Encoding', label);
          }
        }
      }
      agent.destroy();
    });

    test('an answer that comes whole is in the coding that is liked best, with its length', async () => {
      const answer = await squeezed(port, '/', 'gzip, deflate, br');
      assert.equal(answer.headers['content-encoding'], 'br');
      assert.equal(Number(answer.headers['content-length']), answer.body.length);
      assert.equal((await squeezed(port, '/', 'gzip, br;q=0.9')).headers['content-encoding'], 'gzip');
      const streamed = await squeezed(port, '/?chunks=5', 'gzip, br');
      assert.equal(streamed.headers['content-encoding'], 'gzip');
      assert.equal(streamed.headers['transfer-encoding'], 'chunked');
      assert.equal(streamed.headers['content-length'], undefined);
    });

    test('a strong entity tag becomes weak, parts are not offered, and Vary is not lost', async () => {
      const fields = 'field=ETag:%20%22abc%22&field=Accept-Ranges:%20bytes&field=Vary:%20Cookie';
      for (const query of [fields, `${fields}&chunks=3`]) {
        const answer = await squeezed(port, `/?${query}`, 'gzip');
        assert.equal(answer.headers.etag, 'W/"abc"');
        assert.equal(answer.headers['accept-ranges'], undefined);
        assert.deepEqual(answer.headers.vary?.split(', ').sort(), ['Accept-Encoding', 'Cookie']);
        const plain = await send(port, `/?${query}`, null);
        assert.equal(plain.headers.etag, '"abc"');
        assert.equal(plain.headers['accept-ranges'], 'bytes');
      }
      const weak = await squeezed(port, '/?field=ETag:%20W/%22abc%22', 'gzip');
      assert.equal(weak.headers.etag, 'W/"abc"');
    });

    test('a 304 names the tag that the compressed copy of a client has', async () => {
      const agent = new Agent({ keepAlive: true, maxSockets: 1 });
      const ask = async (tag: string, accept: string | null) => {
        const headers = { 'if-none-match': tag };
        const answer = await send(port, '/?status=304&field=ETag:%20%22abc%22', accept, { agent, headers });
        return [answer.status, answer.headers.etag, answer.headers.vary, answer.body.length];
      };
      for (const tag of ['W/"abc"', '"x", W/"abc"']) {
        assert.deepEqual(await ask(tag, 'gzip'), [304, 'W/"abc"', 'Accept-Encoding', 0]);
        assert.deepEqual(await ask(tag, null), [304, '"abc"', undefined, 0], 'it gets none that is compressed');
      }
      assert.deepEqual(await ask('"abc"', 'gzip'), [304, '"abc"', undefined, 0], 'its copy is not compressed');
      assert.equal(decoded(await send(port, '/', 'gzip', { agent })).equals(textOf(5_000)), true);
      agent.destroy();
    });

    test('what must not be touched is not', async () => {
      for (const query of [
        'type=image/png',
        'type=text/event-stream',
        'field=Content-Encoding:%20zstd',
        'field=Cache-Control:%20no-transform',
        'field=Repr-Digest:%20sha-256%3D:abc%3D:',
        'status=206&field=Content-Range:%20bytes%200-4999/9000',
        'status=500',
      ]) {
        const answer = await send(port, `/?${query}`, 'gzip, br');
        assert.equal(answer.headers.vary, undefined, query);
        assert.equal(answer.body.equals(textOf(5_000)), true, query);
      }
      const asked = await send(port, '/', 'gzip', { headers: { 'cache-control': 'no-transform' } });
      assert.equal(asked.headers['content-encoding'], undefined);
      const head = await send(port, '/', 'gzip', { method: 'HEAD' });
      assert.deepEqual([head.headers['content-length'], head.headers.vary], ['5000', 'Accept-Encoding']);
      const old = await rawExchange(port, 'GET / HTTP/1.0\r\nAccept-Encoding: gzip\r\n\r\n');
      assert.doesNotMatch(old, /Content-Encoding/i);
    });

    test('an answer to HEAD has no body, whatever came before on the connection', async () => {
      const agent = new Agent({ keepAlive: true, maxSockets: 1 });
      for (const path of ['/?chunks=3', '/']) {
        for (let round = 0; round < 4; round++) {
          const get = await send(port, path, 'gzip', { agent });
          assert.equal(decoded(get).equals(textOf(5_000)), true);
          const head = await send(port, path, 'gzip', { agent, method: 'HEAD' });
          assert.deepEqual([head.status, head.headers['content-encoding'], head.body.length], [200, undefined, 0]);
          assert.equal(head.headers.vary, 'Accept-Encoding');
        }
      }
      agent.destroy();
    });

    test('an answer to HEAD that says chunked is none that is compressed', async () => {
      const chunks = 'Content-Type: text/plain\r\nTransfer-Encoding: chunked\r\n\r\n';
      const text = textOf(5_000).toString();
      const chunky = await tcpOrigin((socket) =>
        socket.on('data', (data) => {
          const body = data.toString().startsWith('HEAD') ? '' : `${text.length.toString(16)}\r\n${text}\r\n0\r\n\r\n`;
          socket.write(`HTTP/1.1 200 OK\r\n${chunks}${body}`);
        }),
      );
      const own = await freePort();
      const listener = listenerOf(own, { id: 'lsn-c', serviceId: 'svc-c', http: { ...PLAIN_HTTP, compression: true } });
      await engine.apply(changeOf([serviceOf([chunky.port], { id: 'svc-c' })], [listener]));
      const agent = new Agent({ keepAlive: true, maxSockets: 1 });
      for (let round = 0; round < 4; round++) {
        assert.equal(decoded(await send(own, '/', 'gzip', { agent })).toString(), text);
        const head = await send(own, '/', 'gzip', { agent, method: 'HEAD' });
        assert.deepEqual([head.headers['content-encoding'], head.body.length], [undefined, 0]);
      }
      agent.destroy();
      await chunky.close();
    });

    test('a body that ends with its connection is compressed as well', async () => {
      const answer = await squeezed(port, '/?size=90000&chunks=9&close=1', 'gzip');
      assert.equal(answer.headers['content-encoding'], 'gzip');
      assert.equal(decoded(answer).equals(textOf(90_000)), true);
    });

    test('the proxy’s own answers have the listener’s pages, and targets’ answers have not', async () => {
      const none = await send(plainPort, '/', null);
      assert.deepEqual([none.status, none.headers['content-type']], [503, 'text/html; charset=utf-8']);
      assert.equal(none.body.toString(), '<h1>Später</h1>');
      const head = await send(plainPort, '/', null, { method: 'HEAD' });
      assert.deepEqual([head.headers['content-length'], head.body.length], [String(none.body.length), 0]);
      const bad = await rawExchange(port, 'GET / HTTP/1.1\r\nHost : a\r\n\r\n');
      assert.match(
        bad,
        /^HTTP\/1.1 400 Bad Request\r\nDate: [^\r]+ GMT\r\nServer: evenkeel\r\nContent-Type: text\/plain\r\n/,
      );
      assert.match(bad, /\r\nConnection: close\r\nX-Request-ID: \S+\r\n\r\nx{16384}$/);
      const elsewhere = await rawExchange(port, 'TRACE / HTTP/1.1\r\nHost: a\r\n\r\n');
      assert.match(
        elsewhere,
        /^HTTP\/1.1 302 Found\r\nDate: [^\r]+ GMT\r\nServer: evenkeel\r\nContent-Type: text\/plain\r\n/,
      );
      assert.match(elsewhere, /\r\nLocation: https:\/\/status\.test\/sorry\?x\r\n(?!.*Allow).*\r\n\r\nnot that$/s);
      assert.match(await rawExchange(port, 'GET / HTTP/3.0\r\nHost: a\r\n\r\n'), /^HTTP\/1.1 505 .*505 HTTP/s);
      const theirs = await send(port, '/?status=404', null);
      assert.equal(theirs.body.equals(textOf(5_000)), true);
    });

    test('redirects of targets to the host that was asked for are relative, compressed or not', async () => {
      const to = (url: string) => `/?field=Location:%20${encodeURIComponent(url)}`;
      const here = `127.0.0.1:${port}`;
      for (const accept of ['gzip', null]) {
        for (const status of [201, 302]) {
          const { headers } = await send(port, `${to(`http://${here}/next?a=1`)}&status=${status}`, accept);
          assert.equal(headers.location, '/next?a=1');
        }
        const { headers, body } = await send(port, to('http://127.0.0.1'), accept);
        assert.equal(headers.location, '/');
        assert.equal(decoded({ status: 200, headers, body }).equals(textOf(5_000)), true);
        for (const kept of [`https://${here}/next`, 'http://other.test/next', `http://${here}//other.test`]) {
          assert.equal((await send(port, to(kept), accept)).headers.location, kept);
        }
      }
    });

    test('no buffer is left behind', async () => {
      const held = (): number[] => engine.counters().workers.map(({ freeBuffers }) => freeBuffers);
      // The workers write it down now and then.
      while (held().some((free) => free !== buffers)) await new Promise((resolve) => setTimeout(resolve, 20));
    });
  });
}
