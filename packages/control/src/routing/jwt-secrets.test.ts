import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ProblemError } from '../problem.ts';
import { Secret } from '../secrets/secret.ts';
import { type KeptJwt, keysWithSecrets, recallSecrets, takeSecrets } from './jwt-secrets.ts';

type Keys = Parameters<typeof recallSecrets>[0];

const EC = { kty: 'EC', crv: 'P-256', x: 'x', y: 'y' };
const oct = (k: string, kid?: string) => ({ kty: 'oct', ...(kid !== undefined && { kid }), k });
const shown = (kid?: string) => ({ kty: 'oct', ...(kid !== undefined && { kid }), secretSet: true });
const jwt = (keys: Keys) => ({
  keys: [...keys],
  algorithms: [],
  issuer: null,
  audience: null,
  leeway: 60,
  claims: [],
});
const kept = (...keys: Keys[number][]): KeptJwt => takeSecrets(jwt(keys));

test('secrets are taken out, and put in again for nodes', () => {
  const keys = [oct('one', 'a'), EC, oct('two')];
  const taken = kept(...keys);
  assert.deepEqual(taken.jwt?.keys, [shown('a'), EC, shown()]);
  assert.equal(taken.jwtSecrets?.reveal(), '["one","two"]');
  assert.deepEqual(keysWithSecrets(taken), keys);
  assert.equal(kept(EC).jwtSecrets, null);
  assert.deepEqual(keysWithSecrets(kept(EC)), [EC]);
  assert.deepEqual(keysWithSecrets({ jwt: null, jwtSecrets: null }), []);
});

for (const [what, stored, given, expected] of [
  ['what was shown', [oct('one', 'a'), EC, oct('two')], [shown('a'), EC, shown()], [oct('one', 'a'), EC, oct('two')]],
  ['another order', [oct('one', 'a'), oct('two', 'b')], [shown('b'), shown('a')], [oct('two', 'b'), oct('one', 'a')]],
  ['a new one', [oct('one', 'a')], [oct('two', 'a')], [oct('two', 'a')]],
  ['one more', [oct('one', 'a')], [{ kty: 'oct', kid: 'a' }, oct('two', 'b')], [oct('one', 'a'), oct('two', 'b')]],
  ['several without a name', [oct('one'), oct('two')], [shown(), shown()], [oct('one'), oct('two')]],
  ['one of several that is another', [oct('one'), oct('two')], [shown(), oct('new')], [oct('one'), oct('new')]],
] as [string, Keys, Keys, Keys][]) {
  test(`a key without a secret has the one that is stored: ${what}`, () => {
    assert.deepEqual(recallSecrets(given, kept(...stored), '/jwt/keys'), expected);
  });
}

for (const [what, stored, given, field] of [
  ['nothing is stored', [], [shown('a')], '/jwt/keys/0/k'],
  ['another name', [oct('one', 'a')], [EC, shown('b')], '/jwt/keys/1/k'],
  ['fewer of several', [oct('one'), oct('two')], [shown()], '/jwt/keys/0/k'],
  ['more of several', [oct('one')], [oct('new'), shown()], '/jwt/keys/1/k'],
] as [string, Keys, Keys, string][]) {
  test(`a key is refused whose secret is nowhere: ${what}`, () => {
    assert.throws(
      () => recallSecrets(given, kept(...stored), '/jwt/keys'),
      (error: unknown) => error instanceof ProblemError && error.particulars.errors?.[0]?.field === field,
    );
  });
}

test('two sets of secrets are equal when they say the same', () => {
  assert.ok(kept(oct('one')).jwtSecrets?.equals(new Secret('["one"]')));
});
