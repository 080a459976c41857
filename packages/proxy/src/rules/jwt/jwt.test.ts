import assert from 'node:assert/strict';
import { createHmac, generateKeyPairSync, type KeyObject, randomBytes, sign } from 'node:crypto';
import { describe, test } from 'node:test';
import type { PlannedJwt } from '@evenkeel/model/plan/rules.ts';
import { claimLines } from './claim-lines.ts';
import { JwtVerifier } from './verifier.ts';

const NOW = 1_800_000_000;

const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 });
const otherRsa = generateKeyPairSync('rsa', { modulusLength: 2048 });
const smallRsa = generateKeyPairSync('rsa', { modulusLength: 1024 });
const ec = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const ed = generateKeyPairSync('ed25519');
const secret = randomBytes(32);

type Object = Readonly<Record<string, unknown>>;

function jwk(key: KeyObject, more: Object = {}): Object {
  return { ...key.export({ format: 'jwk' }), ...more };
}

function planned(
  keys: readonly Object[],
  algorithms: PlannedJwt['algorithms'],
  more: Partial<PlannedJwt> = {},
): PlannedJwt {
  return { keys: JSON.stringify({ keys }), algorithms, issuer: null, audience: null, leeway: 0, claims: [], ...more };
}

const part = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url');

function signature(algorithm: string, key: KeyObject | Buffer, data: string): Buffer {
  const bytes = Buffer.from(data);
  if (Buffer.isBuffer(key)) return createHmac('sha256', key).update(bytes).digest();
  switch (algorithm) {
    case 'ES256':
      return sign('sha256', bytes, { key, dsaEncoding: 'ieee-p1363' });
    case 'PS256':
      return sign('sha256', bytes, { key, padding: 6, saltLength: 32 });
    case 'EdDSA':
      return sign(null, bytes, key);
    default:
      return sign('sha256', bytes, key);
  }
}

function token(algorithm: string, key: KeyObject | Buffer, claims: unknown = {}, header: Object = {}): string {
  const data = `${part({ alg: algorithm, typ: 'JWT', ...header })}.${part(claims)}`;
  return `${data}.${signature(algorithm, key, data).toString('base64url')}`;
}

function faultOf(plan: PlannedJwt, text: string, now = NOW): string {
  const verdict = new JwtVerifier(plan).verify(text, now * 1_000);
  return verdict.valid ? '' : verdict.fault;
}

describe('JwtVerifier', () => {
  test('accepts what a key of the set has signed, with every algorithm', () => {
    for (const [algorithm, privateKey, publicKey] of [
      ['RS256', rsa.privateKey, jwk(rsa.publicKey)],
      ['PS256', rsa.privateKey, jwk(rsa.publicKey)],
      ['ES256', ec.privateKey, jwk(ec.publicKey)],
      ['EdDSA', ed.privateKey, jwk(ed.publicKey)],
      ['HS256', secret, { kty: 'oct', k: secret.toString('base64url') }],
    ] as const) {
      const plan = planned([publicKey], [algorithm]);
      assert.equal(faultOf(plan, token(algorithm, privateKey)), '', algorithm);
      const [head, , own] = token(algorithm, privateKey, { sub: 'a' }).split('.');
      assert.equal(faultOf(plan, `${head}.${part({ sub: 'b' })}.${own}`), 'unknown key or wrong signature', algorithm);
    }
  });

  test('takes the word of no token for how it is to be checked', () => {
    const plan = planned([jwk(rsa.publicKey), jwk(ec.publicKey)], ['RS256', 'HS256', 'ES256']);
    // The classic: the public key as the secret of an HMAC.
    for (const form of [
      rsa.publicKey.export({ format: 'pem', type: 'spki' }),
      rsa.publicKey.export({ format: 'der', type: 'spki' }),
      JSON.stringify(jwk(rsa.publicKey)),
    ]) {
      assert.equal(faultOf(plan, token('HS256', Buffer.from(form))), 'unknown key or wrong signature');
    }
    const none = `${part({ alg: 'none' })}.${part({})}.`;
    assert.equal(faultOf(plan, none), 'malformed');
    assert.equal(faultOf(plan, `${none}AAAA`), 'algorithm not allowed');
    assert.equal(faultOf(plan, token('PS256', rsa.privateKey)), 'algorithm not allowed');
    assert.equal(faultOf(plan, token('rs256', rsa.privateKey)), 'algorithm not allowed');
    assert.equal(faultOf(plan, token('ES256', rsa.privateKey)), 'unknown key or wrong signature');
    const own = token('RS256', otherRsa.privateKey, {}, { jwk: jwk(otherRsa.publicKey), jku: 'http://evil/' });
    assert.equal(faultOf(plan, own), 'unknown key or wrong signature');
  });

  test('keys have names, uses and sizes', () => {
    const plan = planned(
      [
        jwk(rsa.publicKey, { kid: 'a' }),
        jwk(otherRsa.publicKey, { kid: 'b', use: 'enc' }),
        jwk(smallRsa.publicKey, { kid: 'small' }),
        jwk(ec.publicKey, { alg: 'ES384' }),
        { kty: 'oct', k: 'c2hvcnQ' },
        { kty: 'unheard-of' },
      ],
      ['RS256', 'ES256', 'HS256'],
    );
    const wrong = 'unknown key or wrong signature';
    assert.equal(faultOf(plan, token('RS256', rsa.privateKey, {}, { kid: 'a' })), '');
    assert.equal(faultOf(plan, token('RS256', rsa.privateKey, {}, { kid: 'c' })), wrong);
    assert.equal(faultOf(plan, token('RS256', otherRsa.privateKey, {}, { kid: 'b' })), wrong);
    assert.equal(faultOf(plan, token('RS256', smallRsa.privateKey, {}, { kid: 'small' })), wrong);
    assert.equal(faultOf(plan, token('ES256', ec.privateKey)), wrong);
    assert.equal(faultOf(plan, token('HS256', Buffer.from('short'))), wrong);
    assert.equal(faultOf(planned([], ['RS256']), token('RS256', rsa.privateKey)), wrong);
    assert.equal(faultOf({ ...plan, keys: 'no JSON' }, token('RS256', rsa.privateKey)), wrong);
  });

  test('looks at time, issuer and audience', () => {
    const plan = planned([jwk(ed.publicKey)], ['EdDSA'], { issuer: 'me', audience: 'you', leeway: 10 });
    const good = { iss: 'me', aud: ['others', 'you'], exp: NOW + 5, nbf: NOW - 5 };
    const fault = (claims: Object, now = NOW): string => faultOf(plan, token('EdDSA', ed.privateKey, claims), now);
    assert.equal(fault(good), '');
    assert.equal(fault({ ...good, aud: 'you' }), '');
    assert.equal(fault({ ...good, exp: undefined, nbf: undefined }), '');
    assert.equal(fault(good, NOW + 14), '');
    assert.equal(fault(good, NOW + 15), 'expired');
    assert.equal(fault(good, NOW - 15), '');
    assert.equal(fault(good, NOW - 16), 'not valid yet');
    assert.equal(fault({ ...good, iss: 'you' }), 'wrong issuer');
    assert.equal(fault({ ...good, iss: undefined }), 'wrong issuer');
    assert.equal(fault({ ...good, aud: ['others'] }), 'wrong audience');
    assert.equal(fault({ ...good, aud: undefined }), 'wrong audience');
    assert.equal(fault({ ...good, exp: String(NOW + 5) }), 'malformed');
  });

  test('a token that was good before expires all the same', () => {
    const verifier = new JwtVerifier(planned([jwk(ed.publicKey)], ['EdDSA']));
    const text = token('EdDSA', ed.privateKey, { exp: NOW + 1 });
    assert.equal(verifier.verify(text, NOW * 1_000).valid, true);
    assert.equal(verifier.verify(text, NOW * 1_000 + 999).valid, true);
    assert.equal(verifier.verify(text, NOW * 1_000 + 1_000).valid, false);
    assert.equal(verifier.verify(text, NOW * 1_000).valid, true);
  });

  test('refuses what is no token', () => {
    const plan = planned([jwk(ed.publicKey)], ['EdDSA']);
    const good = token('EdDSA', ed.privateKey);
    const [head, body, own] = good.split('.') as [string, string, string];
    for (const text of [
      '',
      'a',
      'a.b',
      '..',
      `${good}.`,
      `${good}.x`,
      `${good}=`,
      `${head}.${body}.${own} `,
      `${head}..${own}`,
      token('EdDSA', ed.privateKey, {}, { crit: ['b64'], b64: false }),
      token('EdDSA', ed.privateKey, {}, { kid: 7 }),
      token('EdDSA', ed.privateKey, 'text'),
      token('EdDSA', ed.privateKey, [1]),
      `${Buffer.from('{').toString('base64url')}.${body}.${own}`,
    ]) {
      assert.equal(faultOf(plan, text), 'malformed', text);
    }
  });
});

test('claims become header lines that nothing in them can end', () => {
  const claims = [
    { claim: 'sub', header: 'X-Subject' },
    { claim: 'list', header: 'X-List' },
    { claim: 'n', header: 'X-N' },
    { claim: 'o', header: 'X-O' },
    { claim: 'gone', header: 'X-Gone' },
    { claim: 'toString', header: 'X-Inherited' },
  ];
  const lines = claimLines(claims, {
    sub: 'a\r\nX-Admin: 1\u0000é% \ud800',
    list: ['a,b', 'c', 1, true],
    n: 1.5,
    o: { a: ['é'] },
    gone: null,
  });
  assert.deepEqual(lines.split('\r\n'), [
    'X-Subject: a%0D%0AX-Admin: 1%00%C3%A9%25 %EF%BF%BD',
    'X-List: a%2Cb,c,1,true',
    'X-N: 1.5',
    'X-O: {"a":["%C3%A9"]}',
    '',
  ]);
});
