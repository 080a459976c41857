import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { describe, it } from 'node:test';
import { TLS_CIPHERS } from '@evenkeel/model/tls-ciphers.ts';
import { requires } from '@evenkeel/testbed/requirements.ts';
import { clientHello, type HelloOptions, listExtension } from './client-hello.cases.ts';
import { ClientHello, COMPLETE } from './client-hello.ts';
import { ANY_KEY, KeyChoice, KeyKind, TLS12_SUITES } from './key-kinds.ts';

const { rsa, p256, p384 } = KeyKind;
const both = new KeyChoice({ versions: ['1.2', '1.3'], ciphers: [] });
const tls12 = new KeyChoice({ versions: ['1.2'], ciphers: [] });
const rsaCiphers = new KeyChoice({ versions: ['1.2', '1.3'], ciphers: ['ECDHE-RSA-AES128-GCM-SHA256'] });
const signing = (...algorithms: number[]) => listExtension(13, algorithms);
const groups = (...numbers: number[]) => listExtension(10, numbers);
const OLD = [0x0303];

const CASES: readonly (readonly [string, KeyChoice, HelloOptions, number])[] = [
  ['TLS 1.3 with all signatures', both, { extensions: [signing(0x0403, 0x0503, 0x0804)] }, ANY_KEY],
  ['TLS 1.3 with RSA-PSS', both, { extensions: [signing(0x0806)] }, rsa],
  ['TLS 1.3 with PKCS #1, which is for chains alone there', both, { extensions: [signing(0x0401, 0x0403)] }, p256],
  ['TLS 1.3 with one curve', both, { extensions: [signing(0x0503)] }, p384],
  ['TLS 1.3 without signatures', both, {}, 0],
  ['TLS 1.3 where the listener has 1.2 alone', tls12, { extensions: [signing(0x0401)], suites: [0xc02f, 0xc02b] }, rsa],
  ['ciphers for both', both, { versions: OLD, suites: [0xc02f, 0xc02b] }, ANY_KEY],
  ['ciphers for RSA', both, { versions: OLD, suites: [0xc02f, 0x009c] }, rsa],
  ['ciphers for ECDSA', both, { versions: OLD, suites: [0xcca9] }, p256 | p384],
  ['ciphers that the listener does not have', rsaCiphers, { versions: OLD, suites: [0xc02b, 0xc02f] }, rsa],
  ['ciphers that nobody has', both, { versions: OLD, suites: [0x0a0a, 0x000a] }, 0],
  [
    'signatures that go against ciphers',
    both,
    { versions: OLD, suites: [0xc02f, 0xc02b], extensions: [signing(0x0401)] },
    rsa,
  ],
  ['any curve for a hash', both, { versions: OLD, suites: [0xc02b], extensions: [signing(0x0403)] }, p256 | p384],
  ['SHA-1 alone', both, { versions: OLD, suites: [0xc02b, 0xc02f], extensions: [signing(0x0201, 0x0203)] }, 0],
  ['one curve', both, { versions: OLD, suites: [0xc02f, 0xc02b], extensions: [groups(0x001d, 0x0017)] }, rsa | p256],
  ['no curve of certificates', both, { versions: OLD, suites: [0xc02f, 0xc02b], extensions: [groups(0x001d)] }, rsa],
];

describe('keys that a client can use', () => {
  for (const [what, choice, options, kinds] of CASES) {
    it(`with ${what}`, () => {
      for (const recordSize of [undefined, 7]) {
        const bytes = clientHello({ ...options, ...(recordSize !== undefined && { recordSize }) });
        const hello = new ClientHello();
        assert.equal(hello.parse(bytes, 0, bytes.length), COMPLETE);
        assert.equal(choice.usableBy(hello), kinds);
      }
    });
  }

  it('are forgotten with their ClientHello', () => {
    const hello = new ClientHello();
    for (const [extensions, kinds] of [
      [[signing(0x0403)], p256],
      [[], 0],
    ] as const) {
      const bytes = clientHello({ extensions });
      assert.equal(hello.parse(bytes, 0, bytes.length), COMPLETE);
      assert.equal(both.usableBy(hello), kinds);
    }
  });

  it('are known for every cipher of TLS 1.2 that a policy may have, by its number', {
    skip: requires('openssl'),
  }, () => {
    const listed = execFileSync('openssl', ['ciphers', '-V', 'ALL:@SECLEVEL=0'], { encoding: 'utf8' });
    const lines = listed.matchAll(/0x(\w\w),0x(\w\w) - (\S+)/g);
    const numbers = new Map(Array.from(lines, ([, high, low, name]) => [name, Number.parseInt(`${high}${low}`, 16)]));
    const names = TLS_CIPHERS.filter(({ version }) => version === '1.2').map(({ name }) => name);
    assert.deepEqual(Object.keys(TLS12_SUITES), names);
    for (const name of names) assert.equal(TLS12_SUITES[name], numbers.get(name), name);
  });
});
