import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ProblemError } from '../problem.ts';
import { PasswordHasher } from './password.ts';

test('a hash is known again, never the same twice, and says what it was made with', async () => {
  const hasher = new PasswordHasher();
  const hash = await hasher.hash('correct horse é');
  assert.match(hash, /^\$argon2id\$v=19\$m=19456,t=2,p=1\$[\w+/]{22}\$[\w+/]{43}$/);
  assert.equal(await hasher.verify('correct horse é', hash), true);
  assert.equal(await hasher.verify('correct horse e\u0301', hash), true, 'as another keyboard writes it');
  assert.equal(await hasher.verify('correct horse', hash), false);
  assert.notEqual(await hasher.hash('correct horse é'), hash);
});

test('nobody has no password that is right, whatever it is', async () => {
  assert.equal(await new PasswordHasher().verify('', null), false);
});

test('a hash of another program, or of unreasonable cost, is refused', async () => {
  const hasher = new PasswordHasher();
  for (const hash of ['', '$argon2i$v=19$m=1,t=1,p=1$AAAA$AAAA', '$argon2id$v=19$m=99999999,t=2,p=1$AAAA$AAAA'])
    await assert.rejects(hasher.verify('x', hash), /hash of a password/);
});

test('as many as there is room for are computed; one more is refused, and then all goes on', async () => {
  const hasher = new PasswordHasher();
  const results = await Promise.allSettled(Array.from({ length: 36 }, () => hasher.verify('x', null)));
  const refused = results.filter((result) => result.status === 'rejected');
  assert.equal(refused.length, 2);
  for (const { reason } of refused) assert.ok(reason instanceof ProblemError && reason.code === 'too-busy');
  assert.equal(await hasher.verify('x', null), false);
});
