import assert from 'node:assert/strict';
import { test } from 'node:test';
import { seeded } from '../../test/random-changes.ts';
import { chosenFor } from './rendezvous.ts';

const KEYS = Array.from({ length: 400 }, (_, i) => `lb-01hf7yat018zv6${String(i).padStart(4, '0')}`);
const nodes = (count: number) => Array.from({ length: count }, (_, i) => `node-${i + 1}`);
const chosen = (candidates: readonly string[], count: number) =>
  new Map(KEYS.map((key) => [key, new Set(chosenFor(key, candidates, count))]));

test('the order of the candidates does not matter', () => {
  const random = seeded(1);
  const shuffled = nodes(9).sort(() => random() - 0.5);
  assert.deepEqual(chosen(shuffled, 3), chosen(nodes(9), 3));
});

test('a candidate that comes or goes changes one place of a key, and none of those that it is not in', () => {
  for (const count of [2, 3, 5]) {
    const [before, after] = [chosen(nodes(9), count), chosen(nodes(10), count)];
    let moved = 0;
    for (const key of KEYS) {
      const arrived = after.get(key)!.difference(before.get(key)!);
      const left = before.get(key)!.difference(after.get(key)!);
      if (after.get(key)!.has('node-10')) {
        moved++;
        assert.deepEqual([[...arrived], left.size], [['node-10'], 1]);
      } else assert.deepEqual(after.get(key), before.get(key));
    }
    // It takes its share, a tenth of all places, and no more.
    const share = (KEYS.length * count) / 10;
    assert.ok(moved > share * 0.6 && moved < share * 1.4, `${moved} of ${share}`);
  }
});

test('keys are spread evenly, whatever the names look like', () => {
  for (const names of [nodes(8), ['a', 'b', 'c', 'd'], nodes(20).map((name) => `${name}.rack-1.example.com`)]) {
    const counts = new Map<string, number>();
    for (const some of chosen(names, 2).values())
      for (const name of some) counts.set(name, (counts.get(name) ?? 0) + 1);
    const mean = (KEYS.length * 2) / names.length;
    for (const name of names) {
      const count = counts.get(name) ?? 0;
      assert.ok(count > mean * 0.5 && count < mean * 1.5, `${name}: ${count}, mean ${mean}`);
    }
  }
});

test('all are taken where there are not enough', () => {
  assert.deepEqual(chosenFor('lb', ['a', 'b'], 2), ['a', 'b']);
  assert.deepEqual(chosenFor('lb', ['a'], 3), ['a']);
  assert.deepEqual(chosenFor('lb', [], 3), []);
});
