import assert from 'node:assert/strict';
import { type FuzzTarget, latin1 } from '@evenkeel/testbed/fuzz/target.ts';
import { responseCases } from './fuzzing/fixtures.ts';
import { readResponseWithNode } from './fuzzing/node-response-reader.ts';
import { type OwnResponse, OwnResponseReader, type OwnResponseReading } from './fuzzing/own-response-reader.ts';
import type { ResponseMessage } from './fuzzing/response-message.ts';
import { HeadError } from './head-error.ts';

/**
 * The reading of responses, held against Node's parser, which stands for the clients: where a response ends, and what it
 * says, must be the same for the target, the proxy and the client, or one client gets another one's answer.
 */
export const responseFuzz: FuzzTarget = {
  name: 'http1-response',
  seeds: responseCases().map(({ input }) => input),
  words: [
    '\r\n',
    '\n',
    '\r',
    ' ',
    ':',
    ',',
    '0\r\n\r\n',
    '5\r\nhello\r\n',
    'HTTP/1.1 200 OK\r\n',
    'HTTP/1.0 200 OK\r\n',
    'HTTP/1.1 100 Continue\r\n\r\n',
    'HTTP/1.1 204 No Content\r\n',
    'HTTP/1.1 304 \r\n',
    'Content-Length: 5\r\n',
    'Content-Length: 0\r\n',
    'Transfer-Encoding: chunked\r\n',
    'Connection: close\r\n',
    'Connection: keep-alive\r\n',
    'Connection: content-length, x\r\n',
    'Keep-Alive: x\r\n',
    'Trailer: x\r\n',
    'Upgrade: h2c\r\n',
    'Date: x\r\n',
    '\0',
    '\x80',
  ].map(latin1),
  check: checkResponse,
};

const own = new OwnResponseReader();

function checkResponse(input: Uint8Array): string {
  const reading = own.read(input);
  checkPieces(input, reading);
  checkNode(input, reading);
  for (const message of reading.messages) {
    checkForwarded(message);
    checkPlainHead(message);
  }
  const kinds = reading.messages.map(
    ({ status, body, fields }) => `${status}${body === ''}${Math.min(fields.length, 4)}`,
  );
  return `${reading.end} ${reading.error} ${kinds.slice(-2)}`;
}

function checkPieces(input: Uint8Array, whole: OwnResponseReading): void {
  for (const size of [1, 3]) assert.deepEqual(own.read(input, () => size).messages, whole.messages);
  let previous: HeadError = HeadError.incomplete;
  for (let length = 1; length <= input.length; length += 1 + (input.length >> 7)) {
    const error = own.headError(input.subarray(0, length));
    if (previous !== HeadError.incomplete) assert.equal(error, previous, `verdict on the first ${length} bytes`);
    previous = error;
  }
}

/** Why Node may refuse what the proxy passes on: harmless, since nothing is read in two ways. */
const STRICTER_NODE = [
  // The grammar within an extension; both end it at the same CRLF.
  /^HPE_STRICT Invalid character in chunk extensions/,
];

/** The same, of what the proxy passes on in another form than it came: an interim response that ends the connection. */
const MENDED = /^HPE_CLOSED_CONNECTION/;

function isStricter(code: string): boolean {
  return STRICTER_NODE.some((known) => known.test(code));
}

function checkNode(input: Uint8Array, reading: OwnResponseReading): void {
  const node = readResponseWithNode(input);
  const both = Math.min(reading.messages.length, node.messages.length);
  assert.deepEqual(reading.messages.slice(0, both).map(plain), node.messages.slice(0, both));
  if (reading.end === 'incomplete')
    assert.ok(node.messages.length <= both, 'Node saw the end of a response where the proxy did not');
  if (reading.messages.length === both) return;
  assert.ok(MENDED.test(node.code) || isStricter(node.code), `Node refuses (${node.code}) what the proxy takes`);
}

const HOP_BY_HOP = new Set(['connection', 'keep-alive', 'proxy-connection', 'upgrade']);
const NOT_NAMEABLE = new Set([
  'content-length',
  'transfer-encoding',
  'trailer',
  'host',
  'te',
  'expect',
  'http2-settings',
  'x-forwarded-for',
]);

/** What the client must see: all but what was between the target and the proxy, and when it was, said by one of them. */
function endToEnd({ fields, status }: ResponseMessage): ResponseMessage['fields'] {
  const named = new Set(
    fields
      .filter(([name]) => name.toLowerCase() === 'connection')
      .flatMap(([, value]) => value.toLowerCase().split(/[ \t]*,[ \t]*/)),
  );
  const kept = fields.filter(([name]) => {
    const lower = name.toLowerCase();
    return !HOP_BY_HOP.has(lower) && (NOT_NAMEABLE.has(lower) || !named.has(lower));
  });
  const isDated = status < 200 || kept.some(([name]) => name.toLowerCase() === 'date');
  return isDated ? kept : [['Date', 'Thu, 01 Jan 1970 00:00:00 GMT'], ...kept];
}

function checkForwarded(message: OwnResponse): void {
  const node = readResponseWithNode(message.forwarded);
  if (isStricter(node.code)) return;
  // An interim response has no end of its own here; Node waits for the final one.
  assert.equal(node.end, message.status >= 200 ? 'whole' : 'incomplete');
  assert.equal(node.messages.length, 1);
  const [seen] = node.messages as [ResponseMessage];
  const { status, body } = message;
  assert.deepEqual({ status: seen.status, minor: seen.minor, body: seen.body }, { status, minor: 1, body });
  const connection = seen.fields
    .filter(([name]) => name.toLowerCase() === 'connection')
    .map(([, value]) => value.trim());
  if (message.endsWithConnection) assert.deepEqual(connection, ['close']);
  else for (const value of connection) assert.match(value, /^([ \t,]*keep-alive)?[ \t,]*$/i);
  assert.deepEqual(
    seen.fields.filter(([name]) => name.toLowerCase() !== 'connection'),
    endToEnd(message),
  );
}

/** A client of HTTP/1.0 sees no framing that it does not know. */
function checkPlainHead({ plainHead, fields }: OwnResponse): void {
  assert.match(plainHead, /^HTTP\/1\.1 \d{3}/);
  assert.match(plainHead, /\r\nConnection: close\r\n/);
  const chunked = fields.some(([name]) => name.toLowerCase() === 'transfer-encoding');
  if (chunked) assert.doesNotMatch(plainHead, /\r\n(transfer-encoding|trailer):/i);
}

function plain({ status, minor, fields, body }: ResponseMessage): ResponseMessage {
  return { status, minor, fields, body };
}
