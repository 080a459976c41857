import assert from 'node:assert/strict';
import { test } from 'node:test';
import { PLAIN_HTTP, type PlannedErrorPage, type PlannedHttp } from '@evenkeel/model/plan/http.ts';
import { DATE_LINE_SIZE, DateLine, UNDATED } from './date-line.ts';
import { errorPageOf } from './error-pages.ts';
import { BLOCK_SIZE, InsertBlock } from './insert-block.ts';
import { headOfLocal, localBody } from './local-response.ts';

const MOVED: PlannedErrorPage = { status: 503, contentType: 'text/html', body: '', location: 'https://status.test/' };

const LONGEST = 2 * BLOCK_SIZE;
const room = { memory: new Uint8Array(LONGEST + DATE_LINE_SIZE), intern: () => ({ start: 0, end: 0 }) };
const date = new DateLine(
  { memory: room.memory, intern: () => ({ start: LONGEST, end: LONGEST + DATE_LINE_SIZE }) },
  { wallTime: 0 },
);
const dated = (head: string): string => head.replace(UNDATED, 'Date: Thu, 01 Jan 1970 00:00:00 GMT\r\n');

function headOf(http: PlannedHttp, status: number, keepAlive: boolean): string {
  const block = new InsertBlock(room);
  errorPageOf(http, status)!.writeHead(block, date, keepAlive);
  return Buffer.from(block.memory.subarray(block.start, block.end)).toString('latin1');
}

test('a page that sends clients elsewhere has its location and what the listener changes', () => {
  const http: PlannedHttp = {
    ...PLAIN_HTTP,
    responseHeaders: [{ operation: 'set', name: 'X-A', value: 'b' }],
    errorPages: [MOVED],
  };
  for (const keepAlive of [true, false]) {
    const head = dated(headOfLocal(302, 'text/html', 0, keepAlive));
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
        dated(headOfLocal(status, 'text/plain', localBody(status).length, keepAlive)),
      );
    }
  }
});

test('a page is dated when it is sent, unless the listener says what Date is to be', () => {
  const clock = { wallTime: 0 };
  const ticking = new DateLine(
    { memory: room.memory, intern: () => ({ start: LONGEST, end: LONGEST + DATE_LINE_SIZE }) },
    clock,
  );
  const page = { status: 404, contentType: 'text/plain', body: 'gone' };
  const sent = (http: PlannedHttp): string => {
    const block = new InsertBlock(room);
    errorPageOf(http, 404)!.writeHead(block, ticking, true);
    return Buffer.from(block.memory.subarray(block.start, block.end)).toString('latin1');
  };
  const datesOf = (head: string): string[] => head.split('\r\n').filter((line) => /^date:/i.test(line));
  const plain = { ...PLAIN_HTTP, errorPages: [page] };
  assert.deepEqual(datesOf(sent(plain)), ['Date: Thu, 01 Jan 1970 00:00:00 GMT']);
  clock.wallTime = 61_000;
  assert.deepEqual(datesOf(sent(plain)), ['Date: Thu, 01 Jan 1970 00:01:01 GMT']);
  for (const [operation, dates] of [
    ['remove', []],
    ['set', ['date: never']],
    ['add', ['date: never']],
  ] as const) {
    const edit = { operation, name: 'date', value: operation === 'remove' ? '' : 'never' };
    assert.deepEqual(datesOf(sent({ ...plain, responseHeaders: [edit] })), dates);
  }
});
