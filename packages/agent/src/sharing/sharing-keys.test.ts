import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { silentLog } from '../../test/log.ts';
import { sharingKey } from './sharing-key.ts';
import { SharingKeys } from './sharing-keys.ts';

const key = (id: string, byte: number) => ({ id, secret: Buffer.alloc(32, byte).toString('base64') });

async function keysOf(t: TestContext, token: string | null) {
  const folder = mkdtempSync(join(tmpdir(), 'evenkeel-sharing-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const file = join(folder, 'credentials', 'zone-keys.json');
  const readToken = async () => token ?? Promise.reject(new Error('there is none'));
  const open = async () => {
    const keys = new SharingKeys({ file, readToken, log: silentLog });
    await keys.load();
    return keys;
  };
  return { keys: await open(), open, file };
}

test('the newest key of the zone is for what begins, all are accepted, those that are gone open nothing', async (t) => {
  const { keys } = await keysOf(t, 'token');
  assert.equal(keys.forPeer(true).id, null, 'until the control plane has said one');
  let changes = 0;
  const end = keys.watch(() => changes++);
  keys.set([key('b', 2), key('a', 1)]);
  keys.set([key('b', 2), key('a', 1)]);
  assert.equal(changes, 1, 'the same is no news');
  assert.deepEqual(keys.forPeer(true), { id: 'b', secret: Buffer.alloc(32, 2) });
  assert.deepEqual(keys.find('a'), Buffer.alloc(32, 1));
  keys.set([key('c', 3), key('b', 2)]);
  assert.equal(keys.find('a'), null);
  end();
  keys.set([]);
  assert.equal(changes, 2);
});

test('a node of an earlier version is known by the shared token, as long as there is one', async (t) => {
  const { keys } = await keysOf(t, 'token');
  keys.set([key('a', 1)]);
  assert.deepEqual(keys.forPeer(false), { id: null, secret: sharingKey('token') });
  assert.deepEqual(keys.find(null), sharingKey('token'));
  const { keys: alone } = await keysOf(t, null);
  assert.throws(() => alone.forPeer(false), /of an earlier version, and this node has no token/);
  assert.throws(() => alone.forPeer(true), /the control plane has yet to say/);
  assert.equal(alone.find(null), null);
});

test('keys are there after a start without a control plane; a file that is damaged is no keys', async (t) => {
  const { keys, open, file } = await keysOf(t, null);
  keys.set([key('a', 1)]);
  await keys.written();
  assert.equal(statSync(file).mode & 0o777, 0o600);
  assert.equal((await open()).forPeer(true).id, 'a');
  writeFileSync(file, '[{"id":"a","secret":"short"},null]');
  assert.equal((await open()).find('a'), null);
});

test('keys that come one after the other are kept in that order', async (t) => {
  const { keys, open } = await keysOf(t, null);
  for (let at = 1; at <= 5; at++) keys.set([key(`k${at}`, at)]);
  await keys.written();
  assert.equal((await open()).forPeer(true).id, 'k5');
});
