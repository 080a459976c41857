import assert from 'node:assert/strict';
import { test } from 'node:test';
import { PastRevocations } from './past-revocations.ts';

const row = (identity: string, until: number) => ({ identity, node: 'lb-1', revoked_at: 0, until });

test('as many are remembered as there may be, those for the longest that last longest', () => {
  const past = new PastRevocations(2);
  past.reset([row('b', 30), row('a', 20)]);
  past.written(row('c', 40), 0);
  assert.deepEqual(
    ['a', 'b', 'c'].map((identity) => past.has(identity)),
    [false, true, true],
  );
  past.written(row('d', 50), 45);
  assert.deepEqual(
    ['b', 'c', 'd'].map((identity) => past.has(identity)),
    [false, false, true],
  );
});

test('only an identity that was revoked, and had a certificate, is one to remember', () => {
  const before = {
    ...{ node: 'lb-1', identity: 'first', zone: '', join_token_id: '', join_key: '', serial: '' },
    ...{ issued_at: 0, not_after: 1, joined_at: 0, revoked_at: null },
  };
  assert.equal(PastRevocations.rowOf(null), null);
  assert.equal(PastRevocations.rowOf(before), null);
  assert.equal(PastRevocations.rowOf({ ...before, identity: '', revoked_at: 5 }), null);
  // A certificate of before may be good for longer than the last.
  assert.equal(PastRevocations.rowOf({ ...before, revoked_at: 5 })?.until, 5 + 8_760 * 3_600_000);
});
