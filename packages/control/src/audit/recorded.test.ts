import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Secret } from '../secrets/secret.ts';
import type { AnyRecord } from '../state/records.ts';
import { recorded } from './recorded.ts';

const record = (fields: object) => fields as unknown as AnyRecord;
const told = (after: object, before: object | null = null) =>
  JSON.parse(recorded(record(after), before && record(before))) as Record<string, unknown>;

test('secrets are not recorded, but that they are others is', () => {
  const before = { privateKey: new Secret('key of before'), hash: 'digest', stickinessKeys: null };
  const same = told({ ...before, privateKey: new Secret('key of before') }, before);
  assert.deepEqual(same, { privateKey: '[secret]', hash: '[secret]', stickinessKeys: null });
  const changed = { privateKey: new Secret('another'), hash: 'digest 2', stickinessKeys: new Secret('k') };
  assert.deepEqual(told(changed, before), {
    privateKey: '[another secret]',
    hash: '[another secret]',
    stickinessKeys: '[another secret]',
  });
  assert.equal(told(changed)['privateKey'], '[secret]');
  for (const name of ['passwordHash', 'secretKey', 'clientSecret', 'password', 'token']) {
    assert.deepEqual(told({ [name]: 'plain' }), { [name]: '[secret]' }, name);
  }
});

test('settings by such names that are no texts are recorded, times as text, long fields as their checksum', () => {
  const { hash, createdAt, pem, name } = told({
    hash: { key: 'uri' },
    createdAt: 0,
    pem: 'x'.repeat(10_000),
    name: 'a',
  });
  assert.deepEqual([hash, createdAt, name], [{ key: 'uri' }, '1970-01-01T00:00:00.000Z', 'a']);
  assert.match(String(pem), /^sha256:[0-9a-f]{64} of 10002 characters$/);
});
