import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { describeFailure, fuzz } from '@evenkeel/testbed/fuzz/fuzz.ts';
import { Random } from '../reactor/simulated/random.ts';
import { clientHello, extension, type HelloOptions, records, vector } from './client-hello.cases.ts';
import { clientHelloFuzz } from './client-hello.fuzz.ts';
import { Alert, ClientHello, COMPLETE, HelloProgress, INCOMPLETE, MAX_HELLO } from './client-hello.ts';

const hello = new ClientHello();
const parse = (bytes: Uint8Array): number => hello.parse(bytes, 0, bytes.length);
const name = (text: string): Buffer => extension(0, vector(2, Buffer.of(0), vector(2, Buffer.from(text, 'latin1'))));

/** Bytes that are refused, and by which alert. */
const REFUSED: readonly (readonly [string, Uint8Array, number])[] = [
  ['HTTP', Buffer.from('GET / HTTP/1.1\r\n\r\n'), Alert.unexpectedMessage],
  ['an alert', Buffer.of(21, 3, 1, 0, 2, 1, 0), Alert.unexpectedMessage],
  ['a record of SSL 2', Buffer.of(22, 2, 0, 0, 4), Alert.protocolVersion],
  ['an empty record', Buffer.of(22, 3, 1, 0, 0), Alert.unexpectedMessage],
  ['a record that is too long', Buffer.of(22, 3, 1, 0x40, 1), Alert.recordOverflow],
  ['a ServerHello', records(Buffer.of(2, 0, 0, 0)), Alert.unexpectedMessage],
  ['a message beyond the limit', records(Buffer.of(1, 0, 0x40, 1, 3, 3)), Alert.decodeError],
  ['a message without anything in it', records(Buffer.of(1, 0, 0, 0)), Alert.decodeError],
  ['a version before SSL 3', clientHello({ legacyVersion: 0x0200 }), Alert.protocolVersion],
  ['an empty server name', clientHello({ serverName: '' }), Alert.decodeError],
  ['a server name with a NUL', clientHello({ serverName: 'a\0.test' }), Alert.illegalParameter],
  ['a server name beyond ASCII', clientHello({ serverName: 'ä.test' }), Alert.illegalParameter],
  ['a server name of a dot', clientHello({ serverName: '.' }), Alert.illegalParameter],
  ['a server name that is too long', clientHello({ serverName: 'a'.repeat(256) }), Alert.illegalParameter],
  ['two server names', clientHello({ extensions: [name('a.test')], serverName: 'b.test' }), Alert.illegalParameter],
  ['an empty protocol', clientHello({ protocols: ['h2', ''] }), Alert.decodeError],
  ['no protocols', clientHello({ protocols: [] }), Alert.decodeError],
  [
    'an odd list of versions',
    clientHello({ versions: [], extensions: [extension(43, Buffer.of(3, 3, 4, 3))] }),
    Alert.decodeError,
  ],
  [
    'an extension that is cut off',
    clientHello({ extensions: [Buffer.of(0, 99, 0, 9, 1)], versions: [] }),
    Alert.decodeError,
  ],
];

const TAKEN: readonly (readonly [string, HelloOptions, Partial<ClientHello>])[] = [
  ['nothing but versions', {}, { serverName: '', offersProtocols: false, offersTls12: true, offersTls13: true }],
  ['no extensions', { versions: [] }, { offersTls12: true, offersTls13: false }],
  ['TLS 1.1', { versions: [], legacyVersion: 0x0302 }, { offersTls12: false, offersTls13: false }],
  ['TLS 1.3 alone', { versions: [0x0a0a, 0x0304] }, { offersTls12: false, offersTls13: true }],
  ['a name in capitals with a final dot', { serverName: 'WWW.A.test.' }, { serverName: 'www.a.test' }],
  ['protocols with http/1.1', { protocols: ['h2', 'http/1.1'] }, { offersProtocols: true, offersHttp11: true }],
  ['protocols without', { protocols: ['h2', 'http/1.0'] }, { offersProtocols: true, offersHttp11: false }],
  ['unknown extensions', { extensions: [extension(0x2a2a, Buffer.alloc(9))], serverName: 'a' }, { serverName: 'a' }],
];

describe('ClientHello', () => {
  for (const [what, bytes, alert] of REFUSED) {
    it(`refuses ${what}`, () => assert.equal(parse(bytes), alert));
  }

  for (const [what, options, expected] of TAKEN) {
    it(`reads ${what}`, () => {
      assert.equal(parse(clientHello(options)), COMPLETE);
      for (const [key, value] of Object.entries(expected)) assert.equal(hello[key as keyof ClientHello], value, key);
    });
  }

  it('is read alike in one record or many, whole or in pieces', () => {
    for (const recordSize of [undefined, 1, 3, 100]) {
      const bytes = clientHello({
        serverName: 'a.test',
        protocols: ['http/1.1'],
        ...(recordSize === undefined ? {} : { recordSize }),
      });
      for (let length = 0; length < bytes.length; length++) {
        assert.equal(hello.parse(bytes, 0, length), INCOMPLETE, `${length} of ${bytes.length} bytes`);
      }
      assert.equal(parse(bytes), COMPLETE);
      assert.equal(hello.serverName, 'a.test');
      assert.equal(hello.offersHttp11, true);
    }
  });

  it('does not look again through the records of a message that comes in pieces', () => {
    const bytes = clientHello({ serverName: 'a.test', protocols: ['http/1.1'], recordSize: 1 });
    const progress = new HelloProgress();
    for (let length = 1; length < bytes.length; length++) {
      assert.equal(hello.parse(bytes, 0, length, progress), INCOMPLETE);
      // The first four bytes of the message have its length.
      if (length >= 4 * 6) assert.ok(length - progress.at <= 2 * 6, `${length} bytes, passes over ${progress.at}`);
    }
    assert.equal(hello.parse(bytes, 0, bytes.length, progress), COMPLETE);
    assert.equal(hello.serverName, 'a.test');
    assert.equal(hello.offersHttp11, true);
  });

  it('gives up on records that go on for ever', () => {
    const endless = Buffer.concat([
      Buffer.of(22, 3, 1, 0, 6, 1, 0, 0x3f, 0, 3, 3),
      ...Array(4_000).fill(Buffer.of(22, 3, 1, 0, 1, 0)),
    ]);
    assert.ok(endless.length > MAX_HELLO);
    assert.equal(parse(endless), Alert.decodeError);
  });

  it('holds against OpenSSL for its seeds and mutations', async () => {
    let left = 1_500;
    const { failure } = await fuzz(clientHelloFuzz, new Random(1), () => left-- > 0);
    assert.equal(failure, null, failure === null ? '' : describeFailure(failure));
  });
});
