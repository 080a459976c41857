import assert from 'node:assert/strict';
import { type FuzzTarget, latin1 } from '@evenkeel/testbed/fuzz/target.ts';
import { expectedForward } from './fuzzing/expected-forward.ts';
import { requestCases } from './fuzzing/fixtures.ts';
import type { Message } from './fuzzing/message.ts';
import { NODE_METHODS, type NodeReading, readWithNode } from './fuzzing/node-reader.ts';
import { OwnReader, type OwnReading } from './fuzzing/own-reader.ts';
import { readReference } from './fuzzing/reference-reader.ts';
import { HeadError } from './head-error.ts';

/**
 * The reading of requests, held against two others: a reference written from the RFC, and Node's parser, which stands
 * for the targets behind the proxy. All must see the same requests with the same fields and bodies; where they differ
 * lies request smuggling. The proxy may refuse what Node takes, but never take what the reference refuses.
 */
export const requestFuzz: FuzzTarget = {
  name: 'http1-request',
  seeds: requestCases().map(({ input }) => input),
  words: [
    '\r\n',
    '\n',
    '\r',
    ' ',
    '\t',
    ':',
    ',',
    ';',
    '0\r\n\r\n',
    '5\r\nhello\r\n',
    'HTTP/1.1',
    'HTTP/1.0',
    'GET / HTTP/1.1\r\nHost: a.test\r\n\r\n',
    'POST /',
    'Host: a.test\r\n',
    'Content-Length: ',
    'Content-Length: 5\r\n',
    'Transfer-Encoding: chunked\r\n',
    'Transfer-Encoding: ',
    'Connection: close\r\n',
    'Connection: keep-alive\r\n',
    'Connection: ',
    'content-length',
    'transfer-encoding',
    'chunked',
    'X-Forwarded-For: 1\r\n',
    'X_Forwarded_For: 1\r\n',
    'Forwarded: for=1\r\n',
    'Content_Length: 1\r\n',
    'Expect: 100-continue\r\n',
    'Upgrade: h2c\r\n',
    'Upgrade: websocket\r\n',
    'Upgrade: ',
    'Connection: upgrade\r\n',
    'upgrade',
    '/1',
    'http://a.test',
    '\0',
    '\x80',
    '\x7f',
  ].map(latin1),
  check: checkRequests,
};

const own = new OwnReader();

function checkRequests(input: Uint8Array): string {
  const reading = own.read(input);
  checkPieces(input, reading);
  checkReference(input, reading);
  checkNode(reading, readWithNode(input));
  for (const message of reading.messages) checkForwarded(message, message.forwarded);
  const kinds = reading.messages.map(
    ({ fields, body, minor }) => `${minor}${Math.min(fields.length, 4)}${body === ''}`,
  );
  return `${reading.end} ${reading.error} ${kinds.slice(0, 3)}`;
}

/** What is read does not depend on how it arrives, and no verdict on a part is taken back for the whole. */
function checkPieces(input: Uint8Array, whole: OwnReading): void {
  for (const size of [1, 3]) assert.deepEqual(own.read(input, () => size).messages, whole.messages);
  let previous: HeadError = HeadError.incomplete;
  for (let length = 1; length <= input.length; length += 1 + (input.length >> 7)) {
    const error = own.headError(input.subarray(0, length));
    if (previous !== HeadError.incomplete) assert.equal(error, previous, `verdict on the first ${length} bytes`);
    previous = error;
  }
}

function checkReference(input: Uint8Array, reading: OwnReading): void {
  const reference = readReference(input);
  assert.deepEqual(reading.messages.map(plain), reference.messages);
  if (!reference.unsure) assert.equal(reading.end, reference.end, 'end of the reading, against the reference');
  else assert.notEqual(reading.end, 'whole');
}

/** Why Node may refuse what the proxy passes on: harmless, since nothing is read in two ways. */
const STRICTER_NODE = [
  // The grammar within an extension; both end it at the same CRLF.
  /^HPE_STRICT Invalid character in chunk extensions/,
];

/** The same, of what the proxy passes on in another form than it came: white space that Node does not know. */
const MENDED = [/^HPE_INVALID_TRANSFER_ENCODING/, /^HPE_INVALID_CONTENT_LENGTH/];

function isStricter(node: NodeReading): boolean {
  return STRICTER_NODE.some((code) => code.test(node.code));
}

function checkNode(reading: OwnReading, node: NodeReading): void {
  const both = Math.min(reading.messages.length, node.messages.length);
  if (node.upgraded) return;
  assert.deepEqual(reading.messages.slice(0, both).map(plain), node.messages.slice(0, both));
  if (reading.end === 'incomplete')
    assert.ok(node.messages.length <= both, 'Node saw the end of a request where the proxy did not');
  const beyond = reading.messages[both];
  if (beyond === undefined || !NODE_METHODS.has(beyond.method)) return;
  assert.equal(node.end, 'refused', 'the proxy saw the end of a request where Node did not');
  const mended = MENDED.some((code) => code.test(node.code));
  assert.ok(mended || isStricter(node), `Node refuses (${node.code}) what the proxy takes`);
}

/** A target sees one request, and the one that it should. */
function checkForwarded(message: Message, forwarded: Uint8Array): void {
  const expected = expectedForward(message);
  // A second proxy of this kind behind the first; one with a field too many is refused there.
  const again = own.read(forwarded);
  if (again.error !== HeadError.tooManyFields) assert.deepEqual(again.messages.map(withoutKeepAlive), [expected]);
  if (!NODE_METHODS.has(message.method)) return;
  const node = readWithNode(forwarded);
  if (isStricter(node)) return;
  assert.deepEqual(node.messages.map(withoutKeepAlive), [expected]);
  assert.equal(node.end, 'whole');
}

function plain({ method, target, minor, fields, body }: Message): Message {
  return { method, target, minor, fields, body };
}

function withoutKeepAlive(message: Message): Message {
  const says = (value: string): boolean => /^([ \t,]*keep-alive)?[ \t,]*$/i.test(value);
  const fields = message.fields.filter(([name, value]) => name.toLowerCase() !== 'connection' || !says(value));
  return { ...plain(message), fields };
}
