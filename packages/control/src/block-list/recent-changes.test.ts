import assert from 'node:assert/strict';
import { test } from 'node:test';
import { RecentChanges } from './recent-changes.ts';

const change = (version: number, bytes = 10) => ({
  version,
  nonce: `n${version}`,
  tenantId: 'a',
  reason: '',
  entries: new Uint8Array(bytes),
});

test('a change is found behind its position, and only in the same history', () => {
  const recent = new RecentChanges();
  for (const version of [3, 4, 6, 7]) recent.add(change(version));
  const behind = (version: number, nonce = `n${version}`) => recent.behind({ version, nonce })?.version ?? null;
  assert.deepEqual(
    [2, 3, 4, 5, 6, 7, 8].map((version) => behind(version)),
    [null, 4, 6, null, 7, null, null],
  );
  assert.equal(behind(4, 'another'), null);
});

test('small changes are bounded by what they take, not by their entries alone', () => {
  const recent = new RecentChanges();
  for (let version = 0; version < 50_000; version++) recent.add(change(version));
  assert.ok(recent.size < 33_000, `${recent.size} are kept`);
  assert.equal(recent.behind({ version: 49_998, nonce: 'n49998' })?.version, 49_999);
  assert.equal(recent.behind({ version: 0, nonce: 'n0' }), null);
  recent.add(change(50_000, 9 * 1_048_576));
  assert.equal(recent.size, 0, 'one that is too large for all');
});
