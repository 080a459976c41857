import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { temporaryHome } from '../../test/home.ts';
import { Vault } from '../secrets/vault.ts';
import { PASSED_ON, PassedOn } from './passed-on.ts';

test('a follower is believed about the client of the request that it passes on, and nobody else', (t) => {
  const vaultOf = (home: string) => {
    const vault = new Vault(join(home, 'secrets.key'));
    vault.ensureKey();
    return vault;
  };
  let now = 1_000_000;
  const vault = vaultOf(temporaryHome(t));
  const passedOn = new PassedOn(vault, () => now);
  const request = { method: 'POST', url: '/v1/login', headers: {} };
  const origin = { source: '192.0.2.7', secure: true };
  const sealed = passedOn.seal(request, origin);
  const open = (headers: Record<string, string | string[]>, more: object = {}) =>
    passedOn.open({ ...request, headers, ...more });
  assert.deepEqual(open({ [PASSED_ON]: sealed }), origin);
  assert.doesNotMatch(sealed, /192/);

  assert.equal(open({}), null);
  for (const text of ['1', '', JSON.stringify(origin), sealed.slice(0, -4), sealed.replace(/^1/, '2')]) {
    assert.equal(open({ [PASSED_ON]: text }), null, text);
  }
  assert.equal(open({ [PASSED_ON]: [sealed, sealed] }), null);
  assert.equal(open({ [PASSED_ON]: sealed }, { url: '/v1/session' }), null, 'of another request');
  assert.equal(open({ [PASSED_ON]: sealed }, { method: 'GET' }), null);
  const other = new PassedOn(vaultOf(temporaryHome(t)), () => now);
  assert.equal(open({ [PASSED_ON]: other.seal(request, origin) }), null, 'of another installation');
  assert.equal(open({ [PASSED_ON]: vault.seal('device/usr-1', vault.open('passed-on/POST /v1/login', sealed)) }), null);
  now += 301_000;
  assert.equal(open({ [PASSED_ON]: sealed }), null, 'too old');
});
