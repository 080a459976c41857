import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import { type KeyDerivation, PassphraseSeal } from './seal.ts';

const PHRASE = 'a sentence of words';
const TEXT = JSON.stringify({ privateKeys: { www: 'Schlüssel' } });
/** In place of hard work. */
const hashed: KeyDerivation = async (passphrase, salt) => createHash('sha256').update(passphrase).update(salt).digest();

test('what is sealed shows nothing, and is opened again', async () => {
  const seal = new PassphraseSeal();
  const sealed = await seal.seal(TEXT, PHRASE);
  assert.match(sealed, /^evenkeel-sealed-1\.[A-Za-z0-9_-]+$/);
  assert.ok(!Buffer.from(sealed.slice(sealed.indexOf('.') + 1), 'base64url').includes('www'));
  assert.equal(await seal.open(sealed, PHRASE), TEXT);
});

test('another passphrase opens nothing, and nothing is opened that was changed', async () => {
  const seal = new PassphraseSeal(hashed);
  const sealed = await seal.seal(TEXT, PHRASE);
  assert.notEqual(await seal.seal(TEXT, PHRASE), sealed);
  const damaged = sealed.replace(/.{4}$/, (end) => (end === 'AAAA' ? 'BBBB' : 'AAAA'));
  const attempts = [
    [sealed, 'another sentence'],
    [damaged, PHRASE],
    ['evenkeel-sealed-1.AAAA', PHRASE],
    [sealed.replace('-1.', '-2.'), PHRASE],
  ] as const;
  for (const [what, phrase] of attempts) {
    await assert.rejects(seal.open(what, phrase), { code: 'wrong-passphrase', status: 400 });
  }
  assert.equal(await seal.open(await seal.seal(TEXT, 'e\u0301cole et plus'), '\u00e9cole et plus'), TEXT);
});

test('keys are derived one at a time; more than may wait is refused at once, until some are done', async () => {
  let under = 0;
  const seal = new PassphraseSeal(async (passphrase, salt) => {
    assert.equal(++under, 1);
    await new Promise((resolve) => setImmediate(resolve));
    under--;
    return hashed(passphrase, salt);
  });
  const waiting = Array.from({ length: 8 }, () => seal.seal('x', PHRASE));
  await assert.rejects(seal.seal('x', PHRASE), { code: 'too-busy' });
  await Promise.all(waiting);
  assert.equal(await seal.open(await seal.seal('x', PHRASE), PHRASE), 'x');
});
