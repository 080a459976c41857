import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import { test } from 'node:test';
import { JWT } from '@evenkeel/model/limits.ts';
import type { JwtInput } from '@evenkeel/model/resources/rule-jwt.ts';
import { ProblemError } from '../problem.ts';
import { jwtOf } from './jwt.ts';

const NONE = { jwt: null, jwtSecrets: null };

const rsa = (bits: number) => generateKeyPairSync('rsa', { modulusLength: bits });
const { publicKey, privateKey } = rsa(2_048);
const RSA = publicKey.export({ format: 'jwk' }) as Record<string, unknown>;
const EC = generateKeyPairSync('ec', { namedCurve: 'P-256' }).publicKey.export({ format: 'jwk' }) as Record<
  string,
  unknown
>;
const ED = generateKeyPairSync('ed25519').publicKey.export({ format: 'jwk' }) as Record<string, unknown>;
const OCT = { kty: 'oct', k: Buffer.alloc(32, 7).toString('base64url') };

function refusal(input: JwtInput): string {
  try {
    jwtOf(input, NONE, '/jwt');
  } catch (error) {
    assert.ok(error instanceof ProblemError);
    const [first] = error.particulars.errors!;
    return `${first!.field}: ${first!.reason} ${JSON.stringify(first!.allowed)}`;
  }
  return assert.fail('accepted');
}

test('keys with algorithms that fit them; defaults are filled in', () => {
  const keys = [{ ...RSA, kid: 'a' }, EC, ED, OCT];
  const { jwt, jwtSecrets } = jwtOf({ keys, algorithms: ['RS256', 'ES256', 'EdDSA', 'HS256', 'RS256'] }, NONE, '');
  assert.equal(jwtSecrets?.reveal(), JSON.stringify([OCT.k]));
  assert.deepEqual(jwt, {
    keys: [{ ...RSA, kid: 'a' }, EC, ED, { kty: 'oct', secretSet: true }],
    algorithms: ['RS256', 'ES256', 'EdDSA', 'HS256'],
    issuer: null,
    audience: null,
    leeway: 60,
    claims: [],
  });
});

test('keys of so many characters, and not one more', () => {
  const padded = (length: number) => ({ ...OCT, note: 'x'.repeat(length) });
  const room = JWT.setLength - JSON.stringify({ keys: [padded(0)] }).length;
  assert.equal(jwtOf({ keys: [padded(room)], algorithms: ['HS256'] }, NONE, '').jwt?.keys.length, 1);
  const tooLong = refusal({ keys: [padded(room + 1)], algorithms: ['HS256'] });
  assert.equal(tooLong, '/jwt/keys: have 65537 characters as JSON {"maximum":65536}');
});

for (const [what, input, expected] of [
  [
    'an algorithm without a key',
    { keys: [EC], algorithms: ['ES256', 'RS256'] },
    /^\/jwt\/algorithms\/1: no key fits RS256 \["ES256"\]/,
  ],
  ['a key without an algorithm', { keys: [RSA, EC], algorithms: ['RS256'] }, /^\/jwt\/keys\/1: fits none .*ES256/],
  ['a key for something else', { keys: [{ ...RSA, use: 'enc' }], algorithms: ['RS256'] }, /keys\/0\/use: .*signatures/],
  ['a key that may only sign', { keys: [{ ...RSA, key_ops: ['sign'] }], algorithms: ['RS256'] }, /keys\/0\/key_ops/],
  [
    'a key bound to another algorithm',
    { keys: [{ ...RSA, alg: 'PS256' }], algorithms: ['RS256'] },
    /keys\/0: fits none .*PS256/,
  ],
  [
    'an algorithm that is none of the key',
    { keys: [{ ...RSA, alg: 'ES256' }], algorithms: ['RS256'] },
    /keys\/0\/alg: does not fit/,
  ],
  [
    'a private key',
    { keys: [privateKey.export({ format: 'jwk' }) as Record<string, unknown>], algorithms: ['RS256'] },
    /keys\/0\/d: is of the private key/,
  ],
  [
    'a short RSA key',
    { keys: [rsa(1_024).publicKey.export({ format: 'jwk' }) as Record<string, unknown>], algorithms: ['RS256'] },
    /keys\/0\/n: has 1024 bits .*2048/,
  ],
  ['a short secret', { keys: [{ kty: 'oct', k: 'c2hvcnQ' }], algorithms: ['HS256'] }, /keys\/0\/k: has 5 bytes .*32/],
  [
    'a secret that is none',
    { keys: [{ kty: 'oct', k: '+/=' }], algorithms: ['HS256'] },
    /keys\/0\/k: is not base64url/,
  ],
  [
    'a curve that is not known',
    {
      keys: [
        generateKeyPairSync('ec', { namedCurve: 'P-384' }).publicKey.export({ format: 'jwk' }) as Record<
          string,
          unknown
        >,
      ],
      algorithms: ['ES256'],
    },
    /keys\/0\/crv: .*P-256/,
  ],
  ['a key that is garbage', { keys: [{ kty: 'RSA', n: '', e: '' }], algorithms: ['RS256'] }, /keys\/0/],
  [
    'a point that is not on the curve',
    { keys: [{ ...EC, x: 'AAAA' }], algorithms: ['ES256'] },
    /keys\/0: is not a public key/,
  ],
  [
    'a claim into a header of the connection',
    { keys: [EC], algorithms: ['ES256'], claims: [{ claim: 'sub', header: 'Te' }] },
    /claims\/0\/header/,
  ],
  [
    'two claims into one header',
    {
      keys: [EC],
      algorithms: ['ES256'],
      claims: [
        { claim: 'sub', header: 'x-a' },
        { claim: 'iss', header: 'X-A' },
      ],
    },
    /claims\/1\/header: is in the list before/,
  ],
] as readonly (readonly [string, JwtInput, RegExp])[]) {
  test(`refused: ${what}`, () => assert.match(refusal(input), expected));
}
