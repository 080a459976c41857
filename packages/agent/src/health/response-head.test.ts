import assert from 'node:assert/strict';
import { test } from 'node:test';
import { seededRandom } from '../../test/virtual-clock.ts';
import { HEAD_LIMIT, type HeadProgress, ResponseHeadReader } from './response-head.ts';

function readWhole(text: string): HeadProgress {
  const bytes = Buffer.from(text, 'latin1');
  return new ResponseHeadReader().read(bytes, 0, bytes.length);
}

function readInPieces(text: string, random: () => number): HeadProgress {
  const bytes = Buffer.from(text, 'latin1');
  const reader = new ResponseHeadReader();
  for (let at = 0; at < bytes.length; ) {
    const piece = bytes.subarray(at, at + 1 + Math.floor(random() * 4));
    const progress = reader.read(piece, 0, piece.length);
    if (progress.kind !== 'more') return progress;
    at += piece.length;
  }
  return { kind: 'more' };
}

const COMPLETE: readonly (readonly [name: string, head: string, status: number])[] = [
  ['no fields', 'HTTP/1.1 200 OK\r\n\r\n', 200],
  ['HTTP/1.0', 'HTTP/1.0 404 Not Found\r\n\r\n', 404],
  ['empty reason', 'HTTP/1.1 204 \r\n\r\n', 204],
  ['reason and its space left out', 'HTTP/1.1 204\r\n\r\n', 204],
  ['fields and a body', 'HTTP/1.1 503 Away\r\nServer: x\r\nX:\r\nY: \t a\xffb\r\n\r\nbody', 503],
  [
    'interim responses before',
    'HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early\r\nLink: </a>\r\n\r\nHTTP/1.1 302 F\r\n\r\n',
    302,
  ],
  ['101 is final', 'HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\n', 101],
  ['an unusual code', 'HTTP/1.1 799 Own\r\n\r\n', 799],
];

const MALFORMED: readonly (readonly [name: string, head: string])[] = [
  ['HTTP/0.9', '<html>hello</html>'],
  ['HTTP/2 in words', 'HTTP/2.0 200 OK\r\n\r\n'],
  ['another protocol', 'SSH-2.0-OpenSSH_9.2\r\n'],
  ['a TLS alert', '\x15\x03\x01\x00\x02\x02\x46'],
  ['lower case', 'http/1.1 200 OK\r\n\r\n'],
  ['two spaces', 'HTTP/1.1  200 OK\r\n\r\n'],
  ['short code', 'HTTP/1.1 20 OK\r\n\r\n'],
  ['long code', 'HTTP/1.1 2000 OK\r\n\r\n'],
  ['code below 100', 'HTTP/1.1 099 OK\r\n\r\n'],
  ['bare LF', 'HTTP/1.1 200 OK\n\n'],
  ['bare CR', 'HTTP/1.1 200 OK\rX: y\r\n\r\n'],
  ['folded line', 'HTTP/1.1 200 OK\r\nA: b\r\n c\r\n\r\n'],
  ['space before colon', 'HTTP/1.1 200 OK\r\nA : b\r\n\r\n'],
  ['field without name', 'HTTP/1.1 200 OK\r\n: b\r\n\r\n'],
  ['line without colon', 'HTTP/1.1 200 OK\r\nhello\r\n\r\n'],
  ['NUL in a value', 'HTTP/1.1 200 OK\r\nA: b\0\r\n\r\n'],
  ['leading empty line', '\r\nHTTP/1.1 200 OK\r\n\r\n'],
];

for (const [name, head, status] of COMPLETE) {
  test(`reads a head: ${name}`, () => {
    assert.deepEqual(readWhole(head), { kind: 'complete', status });
    for (let seed = 1; seed <= 20; seed++) {
      assert.deepEqual(readInPieces(head, seededRandom(seed)), { kind: 'complete', status }, `seed ${seed}`);
    }
    const end = head.lastIndexOf('\r\n\r\n');
    assert.equal(readWhole(head.slice(0, end + 3)).kind, 'more', 'nothing is judged before the last byte of the head');
  });
}

for (const [name, head] of MALFORMED) {
  test(`refuses: ${name}`, () => {
    assert.equal(readWhole(head).kind, 'malformed');
    assert.equal(readInPieces(head, seededRandom(3)).kind, 'malformed');
  });
}

test('a head without end is malformed at the bound, interim responses counted', () => {
  assert.equal(readWhole(`HTTP/1.1 200 OK\r\nA: ${'x'.repeat(HEAD_LIMIT)}`).kind, 'malformed');
  assert.equal(readWhole('HTTP/1.1 100 C\r\n\r\n'.repeat(1000)).kind, 'malformed');
});

test('any bytes end in a verdict or in waiting, never in an exception', () => {
  const random = seededRandom(11);
  for (let round = 0; round < 2000; round++) {
    const bytes = Buffer.from('HTTP/1.1 200 OK\r\nA: b\r\nC: d\r\n\r\n', 'latin1');
    for (let change = 0; change < 3; change++) bytes[Math.floor(random() * bytes.length)] = Math.floor(random() * 256);
    const progress = new ResponseHeadReader().read(bytes, 0, bytes.length);
    assert.ok(['more', 'complete', 'malformed'].includes(progress.kind));
  }
});
