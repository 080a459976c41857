import assert from 'node:assert/strict';
import { test } from 'node:test';
import { declaredFraming, MalformedMessage, type MessageHead, MessageReader } from './message-reader.ts';

/** Reads messages and writes down what it saw; `cut` is where the bytes are split. */
function read(text: string, cut: number, closes = false): string[] {
  const seen: string[] = [];
  let body = '';
  const reader = new MessageReader({
    onHead: (head) => {
      seen.push(head.startLine);
      return declaredFraming(head) ?? { kind: closes ? 'close' : 'none' };
    },
    onBody: (bytes) => {
      body += Buffer.from(bytes).toString('latin1');
    },
    onComplete: (trailers) => {
      seen.push(`[${body}]${trailers.map(([name, value]) => ` ${name}=${value}`).join('')}`);
      body = '';
      return true;
    },
  });
  const bytes = Buffer.from(text, 'latin1');
  reader.add(bytes.subarray(0, cut));
  reader.add(bytes.subarray(cut));
  seen.push(reader.end() ? 'whole' : 'cut off');
  return seen;
}

const MESSAGES =
  'GET /a HTTP/1.1\r\nHost: x\r\n\r\n' +
  'POST /b HTTP/1.1\r\nContent-Length: 5\r\n\r\nhello' +
  'POST /c HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n3;x="y;z"\r\nabc\r\n00A\r\n0123456789\r\n0\r\nX-T: 1\r\n\r\n';

const SEEN = ['GET /a HTTP/1.1', '[]', 'POST /b HTTP/1.1', '[hello]', 'POST /c HTTP/1.1', '[abc0123456789] x-t=1'];

test('reads messages one after the other, wherever they are split', () => {
  for (let cut = 0; cut <= MESSAGES.length; cut++)
    assert.deepEqual(read(MESSAGES, cut), [...SEEN, 'whole'], `at ${cut}`);
});

test('knows when an end is in the middle of a message', () => {
  for (let length = 1; length < 'GET /a HTTP/1.1\r\nHost: x\r\n\r\n'.length; length++) {
    assert.equal(read(MESSAGES.slice(0, length), 0).at(-1), 'cut off');
  }
  assert.equal(read(MESSAGES.slice(0, -1), 0).at(-1), 'cut off');
  assert.deepEqual(read('HTTP/1.1 200 OK\r\n\r\nall', 0, true), ['HTTP/1.1 200 OK', '[all]', 'whole']);
});

test('refuses what can be read in two ways', () => {
  const bad = [
    'GET / HTTP/1.1\nHost: x\r\n\r\n',
    'GET / HTTP/1.1\r\nHost : x\r\n\r\n',
    'GET / HTTP/1.1\r\nHost: x\r\n folded\r\n\r\n',
    'GET / HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 1\r\n\r\n',
    'GET / HTTP/1.1\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n',
    'GET / HTTP/1.1\r\nContent-Length: +1\r\n\r\n',
    'GET / HTTP/1.1\r\nTransfer-Encoding: gzip\r\n\r\n',
    'GET / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n0x3\r\nabc\r\n',
    'GET / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabcd\r\n',
    'GET / HTTP/1.1\r\nA: 1\rB: 2\r\n\r\n',
  ];
  for (const text of bad) assert.throws(() => read(text, 0), MalformedMessage, JSON.stringify(text));
});

test('keeps what comes behind a message until it is told to go on', () => {
  const seen: string[] = [];
  const reader = new MessageReader({
    onHead: (head: MessageHead) => {
      seen.push(head.startLine);
      return { kind: 'none' };
    },
    onBody: () => assert.fail('there is no body'),
    onComplete: () => false,
  });
  reader.add(Buffer.from('GET /a HTTP/1.1\r\n\r\nGET /b HTTP/1.1\r\n\r\n'));
  assert.deepEqual(seen, ['GET /a HTTP/1.1']);
  assert.ok(reader.hasKept);
  reader.resume();
  assert.deepEqual(seen, ['GET /a HTTP/1.1', 'GET /b HTTP/1.1']);
});
