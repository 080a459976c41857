import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createIdSource, ID_PREFIXES, Id, type IdKind, timeOf } from './identifiers.ts';

test('identifiers sort by creation, within a millisecond and when the clock goes back', () => {
  const times = [1_000, 1_000, 1_000, 1_001, 500, 2_000];
  let call = 0;
  const ids = createIdSource(
    () => times[call++]!,
    () => 0.999_999_999_999,
  );
  const made = times.map(() => ids.next('target'));
  assert.deepEqual(made, [...made].sort());
  assert.equal(new Set(made).size, made.length);
});

test('identifiers follow the newest one in use', () => {
  const newest = createIdSource(() => 5_000, Math.random).next('listener');
  const next = createIdSource(() => 1, Math.random, newest).next('listener');
  assert.ok(next > newest);
  assert.ok(timeOf(next) >= 5_000);
});

test('each kind matches its own pattern only', () => {
  const ids = createIdSource(Date.now, Math.random);
  const kinds = Object.keys(ID_PREFIXES) as IdKind[];
  for (const kind of kinds) {
    const id = ids.next(kind);
    for (const other of kinds)
      assert.equal(new RegExp((Id(other, '') as { pattern?: string }).pattern!).test(id), kind === other);
  }
});
