import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { HeadError } from '../http1/head-error.ts';
import { RequestHead } from '../http1/request-head.ts';
import { RequestRecord } from '../telemetry/request-record.ts';
import { KeptWords } from './kept-words.ts';

/** What is asked for by a request with these lines; null: nothing. */
function asked(lines: readonly string[], version = '1.1'): string | null {
  const memory = Buffer.from(`GET / HTTP/${version}\r\nHost: a\r\n${lines.map((l) => `${l}\r\n`).join('')}\r\n`);
  const head = new RequestHead();
  assert.equal(head.parse(memory, 0, memory.length), HeadError.none);
  if (head.upgrade < 0) return null;
  return memory.toString('latin1', head.fields.valueStart(head.upgrade), head.fields.valueEnd(head.upgrade));
}

describe('requestedUpgrade', () => {
  const connection = 'Connection: Upgrade';

  it('takes one protocol, with or without a version', () => {
    for (const protocol of ['websocket', 'WebSocket', 'foo/1', 'IRC/6.9', 'x-own']) {
      assert.equal(asked([connection, `Upgrade: ${protocol}`]), protocol);
      assert.equal(asked([`Upgrade:  ${protocol}`, 'Connection: keep-alive, UPGRADE, x-y']), protocol);
      assert.equal(asked(['Connection: close', 'Connection: upgrade', `Upgrade: ${protocol}`]), protocol);
      assert.equal(asked([connection, `Upgrade: ${protocol}`, 'Content-Length: 0']), protocol);
    }
  });

  it('takes nothing else', () => {
    const cases: (readonly string[])[] = [
      ['Upgrade: websocket'],
      [connection],
      ['Connection: upgraded', 'Upgrade: websocket'],
      [connection, 'Upgrade: websocket, foo'],
      [connection, 'Upgrade: websocket', 'Upgrade: websocket'],
      [connection, 'Upgrade: web socket'],
      [connection, 'Upgrade: /1'],
      [connection, 'Upgrade: a/'],
      [connection, 'Upgrade: a/1/2'],
      [connection, 'Upgrade: "a"'],
      [connection, 'Upgrade:'],
      [connection, 'Upgrade: websocket', 'Content-Length: 1'],
      [connection, 'Upgrade: websocket', 'Transfer-Encoding: chunked'],
      ...['h2c', 'H2C', 'h2c/1', 'h2', 'HTTP/2.0', 'http', 'TLS/1.0', 'tls'].map((one) => [
        connection,
        `Upgrade: ${one}`,
      ]),
    ];
    for (const lines of cases) assert.equal(asked(lines), null, lines.join(' | '));
    assert.equal(asked([connection, 'Upgrade: websocket'], '1.0'), null);
  });
});

describe('KeptWords', () => {
  it('gives back the words of a request, wherever they are laid down', () => {
    const memory = Buffer.alloc(400, '.');
    memory.write('GET /path?x=1 HTTP/1.1 host.test agent/1 id-7', 20);
    const record = new RequestRecord();
    const spans = [
      ['methodStart', 'methodEnd', 'GET'],
      ['targetStart', 'targetEnd', '/path?x=1'],
      ['hostStart', 'hostEnd', 'host.test'],
      ['agentStart', 'agentEnd', 'agent/1'],
      ['requestIdStart', 'requestIdEnd', 'id-7'],
    ] as const;
    for (const [start, end, word] of spans) {
      record[start] = memory.indexOf(word);
      record[end] = record[start] + word.length;
    }
    const words = new KeptWords(record, memory);
    memory.fill('#');
    words.layDown(record, memory, 300);
    for (const [start, end, word] of spans) assert.equal(memory.toString('latin1', record[start], record[end]), word);
    assert.equal(record.refererStart, record.refererEnd);
  });
});
