import assert from 'node:assert/strict';
import { test } from 'node:test';
import { HttpAnswer } from './http-answer.ts';

const RANGES = [[200, 399]] as const;

function answer(...pieces: readonly string[]): HttpAnswer {
  const reader = new HttpAnswer(RANGES, false);
  read(reader, pieces);
  return reader;
}

function read(reader: HttpAnswer, pieces: readonly string[]): void {
  reader.reset();
  for (const piece of pieces) {
    const bytes = Buffer.from(`..${piece}..`, 'latin1');
    if (reader.read(bytes, 2, bytes.length - 2) !== null) return;
  }
}

const WHOLE: readonly (readonly [name: string, ...pieces: string[]])[] = [
  ['a body of the length it says', 'HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nhere'],
  ['names in any letters, white space around the length', 'HTTP/1.1 200 OK\r\nCONTENT-length:\t 4 \r\n\r\nhere'],
  ['an empty body', 'HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n'],
  ['no body by the status', 'HTTP/1.1 204 No Content\r\n\r\n'],
  ['no body by the status, whatever length it would have', 'HTTP/1.1 304 Not Modified\r\nContent-Length: 9\r\n\r\n'],
  ['keep-alive said aloud', 'HTTP/1.1 200 OK\r\nConnection: keep-alive\r\nContent-Length: 1\r\n\r\nx'],
  ['a head in pieces', 'HTTP/1.1 200 OK\r\nConte', 'nt-Length: ', '4\r\n\r', '\nhere'],
];

const NOT_WHOLE: readonly (readonly [name: string, ...pieces: string[]])[] = [
  ['HTTP/1.0', 'HTTP/1.0 200 OK\r\nContent-Length: 4\r\n\r\nhere'],
  ['no length', 'HTTP/1.1 200 OK\r\n\r\nhere'],
  ['a length without digits', 'HTTP/1.1 200 OK\r\nContent-Length: \r\n\r\n'],
  ['less than it says', 'HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nher'],
  ['more than it says', 'HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nhere!'],
  ['the end announced', 'HTTP/1.1 200 OK\r\nConnection: foo, Close\r\nContent-Length: 4\r\n\r\nhere'],
  ['chunks', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nContent-Length: 4\r\n\r\nhere'],
  ['another protocol offered', 'HTTP/1.1 200 OK\r\nUpgrade: h2c\r\nContent-Length: 4\r\n\r\nhere'],
  ['another protocol begun', 'HTTP/1.1 101 Switching Protocols\r\nContent-Length: 0\r\n\r\n'],
  ['two lengths', 'HTTP/1.1 200 OK\r\nContent-Length: 4\r\nContent-Length: 4\r\n\r\nhere'],
  ['a list of lengths', 'HTTP/1.1 200 OK\r\nContent-Length: 4, 4\r\n\r\nhere'],
  ['digits apart', 'HTTP/1.1 200 OK\r\nContent-Length: 0 4\r\n\r\nhere'],
  ['a sign', 'HTTP/1.1 200 OK\r\nContent-Length: +4\r\n\r\nhere'],
  ['a length beyond all measure', 'HTTP/1.1 200 OK\r\nContent-Length: 0000000004\r\n\r\nhere'],
  ['an interim response before', 'HTTP/1.1 103 Early\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nhere'],
  ['a head that is not at its end', 'HTTP/1.1 200 OK\r\nContent-Length: 0\r\n'],
];

for (const [name, ...pieces] of WHOLE) {
  test(`the connection can carry another answer: ${name}`, () => assert.equal(answer(...pieces).whole, true));
}

for (const [name, ...pieces] of NOT_WHOLE) {
  test(`it cannot: ${name}`, () => assert.equal(answer(...pieces).whole, false));
}

test('the answer to HEAD has no body, and what comes nevertheless is one too much', () => {
  const reader = new HttpAnswer(RANGES, true);
  read(reader, ['HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\n']);
  assert.equal(reader.whole, true);
  read(reader, ['HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nhere']);
  assert.equal(reader.whole, false);
});

test('nothing of an answer is left for the next', () => {
  const reader = new HttpAnswer(RANGES, false);
  for (const [, ...bad] of NOT_WHOLE) {
    read(reader, bad);
    read(reader, ['HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nhere']);
    assert.equal(reader.whole, true, bad.join('|'));
  }
});
