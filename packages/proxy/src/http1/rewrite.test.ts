import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { type Arena, HEADROOM } from '../reactor/arena.ts';
import { DateLine } from './date-line.ts';
import { CLIENT } from './fuzzing/own-reader.ts';
import { RequestHead } from './request-head.ts';
import { ResponseHead } from './response-head.ts';
import { HeadRewriter } from './rewrite.ts';

/** An arena of nothing but interned bytes, and a place to put a message. */
class Bench {
  readonly memory = Buffer.alloc(128 * 1024);
  #interned = 64 * 1024;
  readonly rewriter: HeadRewriter;

  constructor() {
    const arena: Pick<Arena, 'memory' | 'intern'> = {
      memory: this.memory,
      intern: (bytes) => {
        const start = this.#interned;
        this.memory.set(bytes, start);
        this.#interned += bytes.length;
        return { start, end: this.#interned };
      },
    };
    this.rewriter = new HeadRewriter(arena as Arena, new DateLine(arena, { wallTime: 0 }));
  }

  put(text: string): number {
    this.memory.write(text, HEADROOM, 'latin1');
    return HEADROOM + text.length;
  }
}

function request(text: string): string {
  const bench = new Bench();
  const end = bench.put(text);
  const head = new RequestHead();
  assert.equal(head.parse(bench.memory, HEADROOM, end), 0);
  return bench.memory.toString('latin1', bench.rewriter.request(head, CLIENT), end);
}

function response(text: string, keepAlive: boolean, clientMinor: number, plain = false): string {
  const bench = new Bench();
  const end = bench.put(text);
  const head = new ResponseHead();
  assert.equal(head.parse(bench.memory, HEADROOM, end), 0);
  return bench.memory.toString('latin1', bench.rewriter.response(head, keepAlive, clientMinor, plain), end);
}

describe('HeadRewriter.request', () => {
  test('adds the client address and leaves the rest, body included', () => {
    assert.equal(
      request('POST /x HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\nCookie: k=v\r\n\r\nbody'),
      'POST /x HTTP/1.1\r\nX-Forwarded-For: 192.0.2.7\r\nHost: a\r\nContent-Length: 4\r\nCookie: k=v\r\n\r\nbody',
    );
  });

  test('takes out what a client says of itself in the name of proxies, in other spellings too', () => {
    assert.equal(
      request(
        'GET / HTTP/1.1\r\nX-Forwarded-For: 10.0.0.1\r\nHost: a\r\nX-FORWARDED-PROTO: https\r\nForwarded: for=10.0.0.1\r\n' +
          'x-forwarded-for: 10.0.0.2\r\nX_Forwarded_For: 10.0.0.3\r\nX-Forwarded-Lbip: 1\r\nX-Forwarded-Fox: 1\r\n\r\n',
      ),
      'GET / HTTP/1.1\r\nX-Forwarded-For: 192.0.2.7\r\nHost: a\r\nX-Forwarded-Fox: 1\r\n\r\n',
    );
  });

  test('takes hop-by-hop fields out, named ones too, but not those that must stay', () => {
    assert.equal(
      request(
        'GET / HTTP/1.1\r\nConnection: X-Mine, Host, close\r\nX-Mine: 1\r\nHost: a\r\nKeep-Alive: 3\r\nTE: trailers\r\n' +
          'Upgrade: h2c\r\nHTTP2-Settings: AAA\r\nProxy-Connection: x\r\nX-Other: 2\r\n\r\n',
      ),
      'GET / HTTP/1.1\r\nX-Forwarded-For: 192.0.2.7\r\nHost: a\r\nX-Other: 2\r\n\r\n',
    );
  });

  test('takes what Connection names as a whole name, known ones too', () => {
    assert.equal(
      request(
        'GET / HTTP/1.1\r\nConnection: ~x, referer\r\nReferer: r\r\n^X: 1\r\n~X: 2\r\nHost: a\r\nUser-Agent: u\r\n\r\n',
      ),
      'GET / HTTP/1.1\r\nX-Forwarded-For: 192.0.2.7\r\n^X: 1\r\nHost: a\r\nUser-Agent: u\r\n\r\n',
    );
  });

  test('keeps Connection: keep-alive, which is true of the target as well', () => {
    assert.equal(
      request('GET / HTTP/1.1\r\nHost: a\r\nConnection: keep-alive\r\n\r\n'),
      'GET / HTTP/1.1\r\nX-Forwarded-For: 192.0.2.7\r\nHost: a\r\nConnection: keep-alive\r\n\r\n',
    );
  });

  test('makes HTTP/1.0 into HTTP/1.1 with a Host', () => {
    assert.equal(
      request('GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n'),
      'GET / HTTP/1.1\r\nX-Forwarded-For: 192.0.2.7\r\nHost: 127.77.0.1:8080\r\n\r\n',
    );
  });

  test('makes absolute-form into origin-form', () => {
    for (const [target, path] of [
      ['http://a.test/p?q', '/p?q'],
      ['HTTP://a.test', '/'],
      ['http://a.test?q', '/?q'],
    ]) {
      assert.equal(
        request(`GET ${target} HTTP/1.1\r\nHost: a.test\r\n\r\n`),
        `GET ${path} HTTP/1.1\r\nX-Forwarded-For: 192.0.2.7\r\nHost: a.test\r\n\r\n`,
      );
    }
  });
});

describe('HeadRewriter.response', () => {
  const plain = 'HTTP/1.1 200 OK\r\nServer: x\r\nDate: y\r\nContent-Length: 2\r\nConnection: keep-alive\r\n\r\nok';

  test('leaves a response alone that is as true for the client', () => {
    assert.equal(response(plain, true, 1), plain);
  });

  test('says close to a client whose connection ends', () => {
    assert.equal(
      response(plain, false, 1),
      'HTTP/1.1 200 OK\r\nConnection: close\r\nServer: x\r\nDate: y\r\nContent-Length: 2\r\n\r\nok',
    );
  });

  test('says keep-alive to an HTTP/1.0 client, once', () => {
    assert.equal(response(plain, true, 0), plain);
    assert.equal(
      response('HTTP/1.1 200 OK\r\nDate: y\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok', true, 0),
      'HTTP/1.1 200 OK\r\nConnection: keep-alive\r\nDate: y\r\nContent-Length: 2\r\n\r\nok',
    );
  });

  test('takes out what is between proxy and target only, and speaks HTTP/1.1', () => {
    assert.equal(
      response(
        'HTTP/1.0 200 OK\r\nKeep-Alive: timeout=5\r\nConnection: x-mine\r\nX-Mine: 1\r\nUpgrade: h2c\r\nDate: y\r\nA: b\r\n\r\n',
        true,
        1,
      ),
      'HTTP/1.1 200 OK\r\nDate: y\r\nA: b\r\n\r\n',
    );
  });

  test('takes the framing out for a client that does not know chunks', () => {
    assert.equal(
      response('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTrailer: X\r\nDate: y\r\n\r\n', false, 0, true),
      'HTTP/1.1 200 OK\r\nConnection: close\r\nDate: y\r\n\r\n',
    );
  });

  test('dates what its target did not, and what it said for the connection alone', () => {
    const date = 'Date: Thu, 01 Jan 1970 00:00:00 GMT\r\n';
    assert.equal(response('HTTP/1.1 404 \r\nA: b\r\n\r\n', true, 1), `HTTP/1.1 404 \r\n${date}A: b\r\n\r\n`);
    assert.equal(
      response('HTTP/1.1 200 OK\r\nConnection: Date\r\nDate: y\r\nDates: z\r\n\r\n', false, 1),
      `HTTP/1.1 200 OK\r\n${date}Connection: close\r\nDates: z\r\n\r\n`,
    );
    const dated = 'HTTP/1.1 200 OK\r\ndATE: y\r\n\r\n';
    assert.equal(response(dated, true, 1), dated);
    const interim = 'HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n';
    assert.equal(response(interim, true, 1), interim);
  });
});
