import assert from 'node:assert/strict';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';
import { temporaryDirectory } from '../test/directory.ts';
import { Home } from './home.ts';
import { StartError } from './start-error.ts';

let directory = temporaryDirectory();
beforeEach(() => {
  directory = temporaryDirectory();
});
afterEach(() => directory.remove());

test('makes what is missing', async () => {
  const path = join(directory.path, 'deep', 'home');
  await Home.open(path);
  assert.ok(existsSync(join(path, 'agent')));
});

test('a home that cannot be made is a start error with the remedy', async () => {
  writeFileSync(join(directory.path, 'file'), '');
  const opening = Home.open(join(directory.path, 'file', 'home'));
  await assert.rejects(opening, (error) => error instanceof StartError && /choose another --home/.test(error.message));
});

test('a node keeps its name; a given one replaces it', async () => {
  const home = await Home.open(directory.path);
  const first = await home.nodeId(undefined);
  assert.match(first, /^[a-z0-9]([a-z0-9.-]{0,61}[a-z0-9])?$/);
  assert.equal(await home.nodeId('other-1'), 'other-1');
  assert.equal(await home.nodeId(undefined), 'other-1');
  await assert.rejects(home.nodeId('Not A Name'), StartError);
});

test('the token comes from the credential file, which may come later', async () => {
  const home = await Home.open(directory.path);
  await assert.rejects(home.readCredential(), /node\.json cannot be read \(ENOENT\)/);
  mkdirSync(join(directory.path, 'credentials'));
  for (const wrong of ['', '{', 'null', '{}', '{"token":1}', '{"token":"a\\nb"}']) {
    writeFileSync(home.tokenFile, wrong);
    await assert.rejects(home.readCredential(), /must hold/);
  }
  writeFileSync(home.tokenFile, '{"token":"abc"}\n');
  assert.deepEqual(await home.readCredential(), { token: 'abc', fingerprint: null });
  writeFileSync(home.tokenFile, '{"token":"abc","fingerprint":"AA"}');
  assert.deepEqual(await home.readCredential(), { token: 'abc', fingerprint: 'AA' });
});
