import assert from 'node:assert/strict';
import type { FuzzTarget } from '@evenkeel/testbed/fuzz/target.ts';
import { readWithOpenssl } from '../../test/tls/openssl-reader.ts';
import { clientHello, extension, negotiable } from './client-hello.cases.ts';
import { ClientHello, COMPLETE, HelloProgress, INCOMPLETE } from './client-hello.ts';
import { KeyChoice } from './key-kinds.ts';

const hello = new ClientHello();
const keys = new KeyChoice({ versions: ['1.2', '1.3'], ciphers: [] });

/**
 * The reading of ClientHellos, held against OpenSSL's, which reads them again: where OpenSSL goes on with the handshake,
 * the proxy must have seen the same name, or it would choose another certificate or service than the client asked for.
 */
export const clientHelloFuzz: FuzzTarget = {
  name: 'tls-client-hello',
  seeds: [
    clientHello(),
    clientHello({ serverName: 'www.example.test' }),
    clientHello({ serverName: 'a.test', protocols: ['h2', 'http/1.1'] }),
    clientHello({ serverName: 'b.test', recordSize: 20 }),
    clientHello({ versions: [] }),
    clientHello({ extensions: negotiable(), serverName: 'c.test', protocols: ['http/1.1'] }),
    clientHello({ extensions: negotiable(), serverName: 'd.test', versions: [], recordSize: 64 }),
    clientHello({ extensions: [extension(0x0a0a, Buffer.alloc(3))], serverName: 'grease.test' }),
  ],
  words: [
    Buffer.of(22, 3, 1),
    Buffer.of(22, 3, 1, 0, 1),
    Buffer.of(0, 0, 0, 11, 0, 9, 0, 0, 6, 97, 46, 116, 101, 115, 116),
    Buffer.of(0, 16, 0, 5, 0, 3, 2, 104, 50),
    Buffer.of(0, 43, 0, 3, 2, 3, 4),
    Buffer.of(0, 0),
    Buffer.of(255),
  ],
  check: checkHello,
};

function checkHello(input: Uint8Array): string {
  const verdict = hello.parse(input, 0, input.length);
  const { serverName, offersHttp11, offersProtocols } = hello;
  checkPieces(input, verdict);
  const theirs = readWithOpenssl(input);
  if (verdict === INCOMPLETE) assert.equal(theirs.said, 0, 'OpenSSL saw the end of a message where the proxy did not');
  if (verdict === COMPLETE && theirs.answers) assert.equal(serverName, theirs.serverName, 'the name that OpenSSL saw');
  return `${verdict} ${verdict === COMPLETE && serverName !== ''} ${offersHttp11} ${offersProtocols} ${theirs.answers}`;
}

/** No verdict on a part is taken back for the whole, and what is read does not depend on what lies around it. */
function checkPieces(input: Uint8Array, whole: number): void {
  const shifted = new Uint8Array(input.length + 7).fill(22);
  shifted.set(input, 7);
  let previous = INCOMPLETE;
  const progress = new HelloProgress();
  for (let length = 0; length <= input.length; length += 1 + (input.length >> 6)) {
    const verdict = hello.parse(shifted, 7, 7 + length);
    if (previous !== INCOMPLETE) assert.equal(verdict, previous, `verdict on the first ${length} bytes`);
    if (previous === INCOMPLETE) {
      const [name, kinds] = [hello.serverName, keys.usableBy(hello)];
      assert.equal(hello.parse(shifted, 7, 7 + length, progress), verdict, `in pieces, after ${length} bytes`);
      if (verdict === COMPLETE) assert.deepEqual([hello.serverName, keys.usableBy(hello)], [name, kinds]);
    }
    previous = verdict;
  }
  assert.equal(hello.parse(shifted, 7, shifted.length), whole);
  if (previous !== INCOMPLETE) assert.equal(previous, whole);
}
