import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { inspect } from 'node:util';
import { StartError } from '../start-error.ts';
import { Secret } from './secret.ts';
import { Vault } from './vault.ts';

function keyFile(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'evenkeel-vault-'));
  t.after(() => rmSync(folder, { recursive: true }));
  return join(folder, 'credentials', 'secrets.key');
}

function openVault(file: string): Vault {
  const vault = new Vault(file);
  vault.ensureKey();
  return vault;
}

test('what is sealed can be opened with the same key, under the same name, unchanged', (t) => {
  const file = keyFile(t);
  const vault = openVault(file);
  const sealed = vault.seal('a/key', new Secret('hello'));
  assert.ok(!sealed.includes('hello'));
  assert.notEqual(vault.seal('a/key', new Secret('hello')), sealed, 'every seal is another');
  assert.equal(openVault(file).open('a/key', sealed).reveal(), 'hello');
  assert.throws(() => vault.open('b/key', sealed), /the secret of b\/key is damaged/);
  const parts = sealed.split('.');
  const bytes = Buffer.from(parts[2]!, 'base64url');
  for (const at of [0, 12, bytes.length - 1]) {
    const altered = Buffer.from(bytes);
    altered[at]! ^= 1;
    assert.throws(
      () => vault.open('a/key', [parts[0], parts[1], altered.toString('base64url')].join('.')),
      /is damaged/,
    );
  }
  for (const text of ['', '1', '2.a.b', `${sealed}.x`, `${parts[0]}.${parts[1]}.AAAA`]) {
    assert.throws(() => vault.open('a/key', text), /unknown form|is damaged/, text);
  }
});

test('the key is made once, for its owner alone', (t) => {
  const file = keyFile(t);
  openVault(file);
  assert.equal(statSync(file).mode & 0o777, 0o600);
  assert.deepEqual(readdirSync(join(file, '..')), ['secrets.key']);
  const { mtimeMs } = statSync(file);
  openVault(file);
  assert.equal(statSync(file).mtimeMs, mtimeMs);
});

test('a lost or wrong key is one sentence that says what to do', (t) => {
  const file = keyFile(t);
  const sealed = openVault(file).seal('a', new Secret('x'));
  const says = (pattern: RegExp) => (error: unknown) => error instanceof StartError && pattern.test(error.message);
  rmSync(file);
  assert.throws(
    () => new Vault(file).open('a', sealed),
    says(/secrets\.key is missing that .*put it back from a backup/),
  );
  openVault(file);
  assert.throws(() => new Vault(file).open('a', sealed), says(/secrets\.key is not the one that .*put it back/));
  writeFileSync(file, 'short');
  assert.throws(() => new Vault(file), says(/secrets\.key holds no key/));
});

test('a secret shows nowhere by accident', () => {
  const secret = new Secret('hunter2');
  assert.equal(secret.reveal(), 'hunter2');
  assert.equal(JSON.stringify({ secret }), '{"secret":"[secret]"}');
  for (const text of [`${secret}`, inspect(secret, { showHidden: true, depth: null }), JSON.stringify({ ...secret })]) {
    assert.ok(!text.includes('hunter2'), text);
  }
  assert.ok(new Secret('a').equals(new Secret(() => 'a')));
  assert.ok(!new Secret('a').equals(new Secret('b')));
  assert.ok(!new Secret('a').equals('a'));
});
