import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { describe, it } from 'node:test';
import { brotliDecompressSync, gunzipSync } from 'node:zlib';
import { HeadError } from '../http1/head-error.ts';
import { RequestHead } from '../http1/request-head.ts';
import { ResponseHead } from '../http1/response-head.ts';
import { Coding, readAccepted } from './accepted-coding.ts';
import { compressWhole, GzipStream } from './compress.ts';
import { Fit, fitOf } from './compressible.ts';
import { TimeBudget } from './time-budget.ts';

function accepted(...values: string[]): { gzip: number; brotli: number } {
  const lines = values.map((value) => `Accept-Encoding: ${value}\r\n`).join('');
  const memory = Buffer.from(`GET / HTTP/1.1\r\nHost: a\r\n${lines}\r\n`, 'latin1');
  const head = new RequestHead();
  assert.equal(head.parse(memory, 0, memory.length), HeadError.none);
  return readAccepted(memory, head.fields);
}

function fit(status: number, ...lines: string[]): Fit {
  const memory = Buffer.from(`HTTP/1.1 ${status} X\r\n${lines.map((line) => `${line}\r\n`).join('')}\r\n`, 'latin1');
  const head = new ResponseHead();
  assert.equal(head.parse(memory, 0, memory.length), HeadError.none);
  return fitOf(memory, head);
}

describe('readAccepted', () => {
  it('weighs codings as RFC 9110 has it', () => {
    const cases: [string[], number, number][] = [
      [[], 0, 0],
      [[''], 0, 0],
      [['gzip'], 1000, 0],
      [['GZIP, Br'], 1000, 1000],
      [['gzip, deflate, br, zstd'], 1000, 1000],
      [['gzip;q=0.5, br;q=0.8'], 500, 800],
      [['gzip ; q=0.5'], 500, 0],
      [['gzip;q=0'], 0, 0],
      [['gzip;q=0.000, *'], 0, 1000],
      [['*;q=0.1'], 100, 100],
      [['br', 'gzip;q=0.3'], 300, 1000],
      [['x-gzip'], 1000, 0],
      [['identity'], 0, 0],
      [['identity;q=1, gzip;q=0.5'], 0, 0],
      [['gzip;q=0.5, Identity'], 0, 0],
      [['gzip;q=0.5', 'br;q=0.9, identity;q=0.7'], 0, 900],
      [['identity;q=0.5, gzip;q=0.5'], 500, 0],
      [['identity;q=0.5, *'], 1000, 1000],
      [['identity, *;q=0.9'], 0, 0],
      [['identity;q=0, gzip;q=0.1'], 100, 0],
      [['identity;q=0'], 0, 0],
      [['identity;q=2, gzip;q=0.1'], 100, 0],
      [['gzip;q=0.5, *;q=0'], 500, 0],
      [['gzip;q=2'], 0, 0],
      [['gzip;q=1.5'], 0, 0],
      [['gzip;q=0.1234'], 0, 0],
      [['gzip;q=a'], 0, 0],
      [['gzip;x=1'], 0, 0],
      [['gzipx'], 0, 0],
    ];
    for (const [values, gzip, brotli] of cases) assert.deepEqual(accepted(...values), { gzip, brotli }, String(values));
  });
});

describe('fitOf', () => {
  it('takes text that nothing is said against', () => {
    const text = 'Content-Type: text/html; charset=utf-8';
    assert.equal(fit(200, text), Fit.yes);
    assert.equal(fit(404, text, 'Content-Length: 5000'), Fit.yes);
    assert.equal(fit(200, 'Content-Type: application/json', 'Transfer-Encoding: chunked'), Fit.yes);
    assert.equal(fit(200, 'Content-Type: IMAGE/SVG+XML'), Fit.yes);
    assert.equal(fit(200, text, 'Content-Length: 1023'), Fit.varies);
    for (const line of [
      'Content-Encoding: gzip',
      'Content-Encoding: identity',
      'Cache-Control: max-age=1, no-transform',
      'Content-Range: bytes 0-9/10',
      'Content-MD5: x',
      'Repr-Digest: sha-256=:x:',
      'Trailer: X-A',
    ]) {
      assert.equal(fit(200, text, line), Fit.no, line);
    }
    for (const type of ['application/problem+json; charset=utf-8', 'application/rss+xml', 'image/svg+xml']) {
      assert.equal(fit(200, `Content-Type: ${type}`), Fit.yes, type);
    }
    for (const type of ['image/png', 'video/mp4', 'application/zip', 'text/event-stream', 'application/octet-stream']) {
      assert.equal(fit(200, `Content-Type: ${type}`), Fit.no, type);
    }
    assert.equal(fit(200), Fit.no);
    for (const status of [204, 206, 304, 500]) assert.equal(fit(status, text), Fit.no, String(status));
  });
});

describe('compressing', () => {
  const text = Buffer.from('All work and no play makes Jack a dull boy. '.repeat(2_000));

  it('gives back what went in, whole', () => {
    for (const body of [text, randomBytes(5_000), Buffer.alloc(0), Buffer.from('x')]) {
      assert.deepEqual(gunzipSync(compressWhole(Coding.gzip, body)), body);
      assert.deepEqual(brotliDecompressSync(compressWhole(Coding.brotli, body)), body);
    }
    assert.ok(compressWhole(Coding.gzip, text).length < text.length / 20);
  });

  it('gives back what went in, in pieces, squeezed or stored', () => {
    for (const size of [1, 7, 1_000, 16_384, 100_000]) {
      const stream = new GzipStream();
      const out: Uint8Array[] = [];
      const input = size === 1 ? text.subarray(0, 300) : text;
      for (let at = 0; at < input.length; at += size) {
        out.push(stream.piece(input.subarray(at, at + size), at % 3 !== 0));
      }
      out.push(stream.end());
      assert.deepEqual(gunzipSync(Buffer.concat(out)), Buffer.from(input), `pieces of ${size}`);
    }
    assert.deepEqual(gunzipSync(new GzipStream().end()), Buffer.alloc(0));
  });

  it('each piece can be read as soon as it has come', () => {
    const stream = new GzipStream();
    const first = stream.piece(Buffer.from('first '), true);
    const cut = gunzipSync(first, { finishFlush: 2 });
    assert.equal(cut.toString(), 'first ');
  });
});

describe('TimeBudget', () => {
  it('allows a quarter of the time, and saves up little', () => {
    let now = 1_000;
    const budget = new TimeBudget(() => now);
    const work = (milliseconds: number): void => {
      budget.spend(() => {
        now += milliseconds;
      });
    };
    let spent = 0;
    const start = now;
    for (let i = 0; i < 10_000; i++) {
      if (budget.has) {
        work(1);
        spent++;
      } else now += 1;
    }
    assert.ok(Math.abs(spent / (now - start) - 0.25) < 0.02, `${spent} of ${now - start}`);
    now += 60_000;
    let burst = 0;
    while (budget.has) {
      work(1);
      burst++;
    }
    assert.ok(burst <= 56, String(burst));
  });
});
