import assert from 'node:assert/strict';
import { test } from 'node:test';
import { PLAIN_HTTP, type PlannedErrorPage, type PlannedHttp } from '@evenkeel/model/plan/http.ts';
import { errorPageOf } from './error-pages.ts';
import { BLOCK_SIZE, InsertBlock } from './insert-block.ts';
import { headOfLocal, localBody } from './local-response.ts';

const MOVED: PlannedErrorPage = { status: 503, contentType: 'text/html', body: '', location: 'https://status.test/' };

const room = { memory: new Uint8Array(2 * BLOCK_SIZE), intern: () => ({ start: 0, end: 0 }) };

function headOf(http: PlannedHttp, status: number, keepAlive: boolean): string {
  const block = new InsertBlock(room);
  errorPageOf(http, status)!.writeHead(block, keepAlive);
  return Buffer.from(block.memory.subarray(block.start, block.end)).toString('latin1');
}

test('a page that sends clients elsewhere has its location and what the listener changes', () => {
  const http: PlannedHttp = {
    ...PLAIN_HTTP,
    responseHeaders: [{ operation: 'set', name: 'X-A', value: 'b' }],
    errorPages: [MOVED],
  };
  for (const keepAlive of [true, false]) {
    const head = headOfLocal(302, 'text/html', 0, keepAlive);
    const lines = 'X-A: b\r\nLocation: https://status.test/\r\n\r\n';
    assert.equal(headOf(http, 503, keepAlive), head.slice(0, -2) + lines);
  }
});

test('where the changes of a listener are more than a head has room for, the plain page goes out', () => {
  const http: PlannedHttp = {
    ...PLAIN_HTTP,
    responseHeaders: Array.from({ length: 20 }, (_, i) => {
      return { operation: 'add' as const, name: `X-${i}`.padEnd(64, '-'), value: '€'.repeat(512) };
    }),
    errorPages: [{ ...MOVED, location: `/${'a'.repeat(2_047)}` }],
  };
  for (const status of [503, 404]) {
    assert.equal(Buffer.from(errorPageOf(http, status)!.body).toString(), localBody(status));
    for (const keepAlive of [true, false]) {
      assert.equal(
        headOf(http, status, keepAlive),
        headOfLocal(status, 'text/plain', localBody(status).length, keepAlive),
      );
    }
  }
});
