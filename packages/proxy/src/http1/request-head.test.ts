import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { HeadError, STATUS_OF_HEAD_ERROR } from './head-error.ts';
import { Method } from './method.ts';
import { RequestHead } from './request-head.ts';

function parse(text: string): { head: RequestHead; error: HeadError; memory: Uint8Array } {
  const memory = Buffer.from(`....${text}`, 'latin1');
  const head = new RequestHead();
  return { head, error: head.parse(memory, 4, memory.length), memory };
}

const nameOf = (error: HeadError): string => Object.entries(HeadError).find(([, code]) => code === error)![0];

describe('RequestHead', () => {
  test('reads line, framing and fields as spans', () => {
    const { head, error, memory } = parse(
      'POST /a?b=c HTTP/1.1\r\nHost: a.test\r\nContent-Length:  12\t\r\nUser-Agent: x y\r\n\r\nrest',
    );
    assert.equal(nameOf(error), 'none');
    const text = (start: number, end: number): string => Buffer.from(memory).toString('latin1', start, end);
    assert.equal(head.method, Method.post);
    assert.equal(text(head.targetStart, head.targetEnd), '/a?b=c');
    assert.equal(head.minor, 1);
    assert.equal(head.contentLength, 12);
    assert.equal(head.keepAlive, true);
    assert.equal(text(head.end, memory.length), 'rest');
    assert.equal(text(head.fields.valueStart(head.userAgent), head.fields.valueEnd(head.userAgent)), 'x y');
    assert.equal(text(head.fields.nameStart(1), head.fields.lineEnd(1)), 'Content-Length:   12\r\n', 'straightened');
    assert.equal(text(head.fields.nameStart(2), head.fields.lineEnd(2)), 'User-Agent: x y\r\n');
  });

  test('every prefix of a good head is incomplete, never an error', () => {
    const text = 'GET / HTTP/1.1\r\nHost: a\r\nX-Y: z \r\nTransfer-Encoding: chunked\r\n\r\n';
    for (let length = 0; length < text.length; length++) {
      assert.equal(nameOf(parse(text.slice(0, length)).error), 'incomplete', JSON.stringify(text.slice(0, length)));
    }
    assert.equal(nameOf(parse(text).error), 'none');
  });

  const good: [string, (head: RequestHead) => boolean][] = [
    ['GET / HTTP/1.0\r\n\r\n', (head) => !head.keepAlive && head.minor === 0 && head.host === -1],
    ['GET / HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\n', (head) => head.keepAlive],
    [
      'GET / HTTP/1.1\r\nHost: a\r\nConnection: foo, CLOSE\r\n\r\n',
      (head) => !head.keepAlive && (head.connectionOptions & 4) !== 0,
    ],
    ['GET / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: Chunked\r\n\r\n', (head) => head.chunked],
    ['PUT / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 1\r\n\r\n', (head) => head.expectContinue],
    ['OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n', (head) => head.method === Method.options],
    ['BREW /pot HTTP/1.1\r\nHost:\r\n\r\n', (head) => head.method === Method.other],
    ['GET http://A.test:80/x HTTP/1.1\r\nHost: a.test:80\r\n\r\n', (head) => head.targetEnd - head.pathStart === 2],
    ['GET http://a.test HTTP/1.1\r\nHost: a.test\r\n\r\n', (head) => head.targetEnd - head.pathStart === 1],
    ['GET http://a.test?q HTTP/1.1\r\nHost: a.test\r\n\r\n', (head) => head.targetEnd - head.pathStart === 3],
    ['GET / HTTP/1.1\r\nHost: [::1]:80\r\nX: \x80\xff\r\n\r\n', (head) => head.fields.count === 2],
  ];
  for (const [text, holds] of good) {
    test(`accepts ${JSON.stringify(text)}`, () => {
      const { head, error } = parse(text);
      assert.equal(nameOf(error), 'none');
      assert.ok(holds(head));
    });
  }

  const bad: [string, keyof typeof HeadError, number][] = [
    ['GET  / HTTP/1.1\r\nHost: a\r\n\r\n', 'requestLine', 400],
    [' GET / HTTP/1.1\r\nHost: a\r\n\r\n', 'requestLine', 400],
    ['GET /\r\nHost: a\r\n\r\n', 'requestLine', 400],
    ['GET /\x01 HTTP/1.1\r\nHost: a\r\n\r\n', 'requestLine', 400],
    ['GET / HTTP/1.1 \r\nHost: a\r\n\r\n', 'requestLine', 400],
    ['G@T / HTTP/1.1\r\nHost: a\r\n\r\n', 'requestLine', 400],
    ['\x16\x03\x01\x02\x00\x01\x00', 'requestLine', 400],
    ['PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', 'version', 505],
    ['GET / HTTP/1.2\r\nHost: a\r\n\r\n', 'version', 505],
    ['GET / HTTP/1.1\nHost: a\r\n\r\n', 'lineEnd', 400],
    ['GET / HTTP/1.1\r\nHost: a\n\r\n', 'lineEnd', 400],
    ['GET / HTTP/1.1\r\nHost: a\r\rX: y\r\n\r\n', 'lineEnd', 400],
    ['GET / HTTP/1.1\r\nHost : a\r\n\r\n', 'fieldName', 400],
    ['GET / HTTP/1.1\r\n Host: a\r\n\r\n', 'fieldName', 400],
    ['GET / HTTP/1.1\r\nHost: a\r\n folded\r\n\r\n', 'fieldName', 400],
    ['GET / HTTP/1.1\r\nHost: a\r\n: b\r\n\r\n', 'fieldName', 400],
    ['GET / HTTP/1.1\r\nHost: a\r\nX: a\x00b\r\n\r\n', 'fieldValue', 400],
    ['GET / HTTP/1.1\r\nHost: a\r\nX: a\x7fb\r\n\r\n', 'fieldValue', 400],
    ['GET / HTTP/1.1\r\n\r\n', 'hostMissing', 400],
    ['GET / HTTP/1.1\r\nHost: a\r\nhost: a\r\n\r\n', 'hostRepeated', 400],
    ['GET / HTTP/1.1\r\nHost: a/b\r\n\r\n', 'hostInvalid', 400],
    ['GET / HTTP/1.1\r\nHost: a b\r\n\r\n', 'hostInvalid', 400],
    ['GET / HTTP/1.1\r\nHost: a\r\nContent-Length: +1\r\n\r\n', 'contentLengthInvalid', 400],
    ['GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 1, 1\r\n\r\n', 'contentLengthInvalid', 400],
    ['GET / HTTP/1.1\r\nHost: a\r\nContent-Length:\r\n\r\n', 'contentLengthInvalid', 400],
    ['GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 9999999999999999\r\n\r\n', 'contentLengthInvalid', 400],
    ['GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 1\r\n\r\n', 'contentLengthRepeated', 400],
    [
      'GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n',
      'lengthAndTransferEncoding',
      400,
    ],
    [
      'GET / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: x\r\n\r\n',
      'transferEncodingInvalid',
      400,
    ],
    ['GET / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n', 'transferEncodingInvalid', 400],
    ['GET / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked, gzip\r\n\r\n', 'transferEncodingInvalid', 400],
    ['GET / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip, chunked\r\n\r\n', 'transferEncodingUnknown', 501],
    ['GET / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: \x0bchunked\r\n\r\n', 'fieldValue', 400],
    ['GET / HTTP/1.1\r\nHost: a\r\nExpect: 200-ok\r\n\r\n', 'expectationUnknown', 417],
    ['GET * HTTP/1.1\r\nHost: a\r\n\r\n', 'targetInvalid', 400],
    ['GET a HTTP/1.1\r\nHost: a\r\n\r\n', 'targetInvalid', 400],
    ['GET ftp://a/ HTTP/1.1\r\nHost: a\r\n\r\n', 'targetInvalid', 400],
    ['GET http:/// HTTP/1.1\r\nHost: a\r\n\r\n', 'targetInvalid', 400],
    ['GET http://u@a/ HTTP/1.1\r\nHost: a\r\n\r\n', 'targetInvalid', 400],
    ['GET http://b/ HTTP/1.1\r\nHost: a\r\n\r\n', 'targetConflict', 400],
    ['CONNECT a:443 HTTP/1.1\r\nHost: a:443\r\n\r\n', 'methodRefused', 405],
    ['TRACE / HTTP/1.1\r\nHost: a\r\n\r\n', 'methodRefused', 405],
    [`GET /${'a'.repeat(9000)} HTTP/1.1\r\nHost: a\r\n\r\n`, 'targetTooLong', 414],
    [`GET / HTTP/1.1\r\nHost: a\r\n${'X: y\r\n'.repeat(200)}\r\n`, 'tooManyFields', 431],
  ];
  for (const [text, name, status] of bad) {
    test(`refuses ${JSON.stringify(text.slice(0, 100))} as ${name}`, () => {
      const { error } = parse(text);
      assert.equal(nameOf(error), name);
      assert.equal(STATUS_OF_HEAD_ERROR[error], status);
    });
  }
});
