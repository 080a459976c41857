import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LayeredMap } from './layered-map.ts';

/** A small linear generator: the same numbers in every run. */
function random(seed: number): () => number {
  return () => {
    seed = (Math.imul(seed, 1_103_515_245) + 12_345) & 0x7fffffff;
    return seed / 0x80000000;
  };
}

test('it is what a map would be that is copied for every change, and what it was forked from stays as it is', () => {
  const next = random(3);
  let expected: ReadonlyMap<string, number> = new Map(Array.from({ length: 50 }, (_, n) => [`k${n}`, n]));
  let map: ReadonlyMap<string, number> = expected;
  for (let step = 0; step < 400; step++) {
    const before = { map, entries: sorted(map) };
    const copy = new Map(expected);
    const fork = LayeredMap.fork(map);
    for (let change = 0; change < 4; change++) {
      const key = `k${Math.floor(next() * 120)}`;
      const value = Math.floor(next() * 3);
      if (next() < 0.4) {
        copy.delete(key);
        fork.delete(key);
      } else {
        copy.set(key, value);
        fork.set(key, value);
      }
    }
    assert.equal(fork.size, copy.size);
    assert.deepEqual(sorted(fork), sorted(copy));
    assert.deepEqual(sorted(before.map), before.entries);
    for (let n = 0; n < 120; n++) {
      assert.equal(fork.get(`k${n}`), copy.get(`k${n}`));
      assert.equal(fork.has(`k${n}`), copy.has(`k${n}`));
    }
    const suspects = LayeredMap.suspects(before.map, fork);
    if (suspects !== null) {
      const named = new Set(suspects);
      for (let n = 0; n < 120; n++) {
        if (before.map.get(`k${n}`) !== fork.get(`k${n}`)) assert.ok(named.has(`k${n}`), `step ${step}: k${n}`);
      }
    }
    map = fork;
    expected = copy;
  }
});

test('the layer stays thin, and most neighbours share their base', () => {
  let map: ReadonlyMap<string, number> = new Map(Array.from({ length: 10_000 }, (_, n) => [`k${n}`, 0]));
  let shared = 0;
  for (let step = 1; step <= 2_000; step++) {
    const fork = LayeredMap.fork(map);
    fork.set(`k${(step * 7) % 10_000}`, step);
    const suspects = LayeredMap.suspects(map, fork);
    if (suspects !== null) {
      shared++;
      assert.ok(suspects.length <= 1_000, `${suspects.length} in two layers`);
    }
    map = fork;
  }
  assert.ok(shared > 1_990, `${shared} of 2,000`);
});

test('maps without a common base have no short list of differences', () => {
  const one = new Map([['a', 1]]);
  assert.equal(LayeredMap.suspects(one, new Map(one)), null);
  assert.deepEqual(LayeredMap.suspects(one, one), []);
});

function sorted(map: ReadonlyMap<string, number>): [string, number][] {
  return [...map].sort(([a], [b]) => (a < b ? -1 : 1));
}
