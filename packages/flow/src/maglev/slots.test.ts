import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { buildSlots, type NumberedTarget, SLOTS } from './slots.ts';

const targets = (count: number, weight: (index: number) => number = () => 1): NumberedTarget[] =>
  Array.from({ length: count }, (_, index) => ({
    number: index + 1,
    name: `10.0.${index >> 8}.${index & 255}:80`,
    weight: weight(index),
  }));

function shares(slots: Uint16Array): Map<number, number> {
  const counts = new Map<number, number>();
  for (const number of slots) counts.set(number, (counts.get(number) ?? 0) + 1);
  return counts;
}

function differing(a: Uint16Array, b: Uint16Array): number {
  let count = 0;
  for (let slot = 0; slot < SLOTS; slot++) if (a[slot] !== b[slot]) count++;
  return count;
}

suite('Maglev tables', () => {
  for (const count of [1, 2, 3, 10, 100, 1000]) {
    test(`${count} equal targets have equal shares, to a slot`, () => {
      const counts = [...shares(buildSlots(targets(count))).values()];
      assert.equal(counts.length, count);
      assert.ok(Math.max(...counts) - Math.min(...counts) <= 1, `${Math.min(...counts)} … ${Math.max(...counts)}`);
    });
  }

  test('shares follow the weights within a per mille of the table', () => {
    const list = targets(20, (index) => (index % 5) * 10);
    const total = list.reduce((sum, target) => sum + target.weight, 0);
    const counts = shares(buildSlots(list));
    for (const { number, weight } of list) {
      const share = (counts.get(number) ?? 0) / SLOTS;
      assert.ok(Math.abs(share - weight / total) < 0.001, `${number}: ${share} for ${weight / total}`);
    }
  });

  test('the order of the list and the numbers do not matter, names do', () => {
    const list = targets(50, (index) => 1 + (index % 3));
    const names = new Map(list.map(({ number, name }) => [number, name]));
    const renumbered = list.map((target, index) => ({ ...target, number: 900 - index })).reverse();
    const otherNames = new Map(renumbered.map(({ number, name }) => [number, name]));
    const [here, there] = [buildSlots(list), buildSlots(renumbered)];
    for (let slot = 0; slot < SLOTS; slot++) {
      assert.equal(names.get(here[slot]!), otherNames.get(there[slot]!));
    }
  });

  // Eisenbud et al., section 5.3 and figure 12: with a table of 65,537 the share of slots that change without need
  // stays at a few per cent. What must change is the share of the target itself.
  for (const count of [10, 100]) {
    test(`one of ${count} targets leaves: few slots change but its own`, () => {
      const before = buildSlots(targets(count));
      const after = buildSlots(targets(count).filter(({ number }) => number !== 3));
      const own = shares(before).get(3)!;
      const needless = differing(before, after) - own;
      assert.ok(needless >= 0 && needless / SLOTS < 0.06, `${((100 * needless) / SLOTS).toFixed(2)} %`);
    });
  }

  test('nobody is willing: all slots are nobody', () => {
    assert.deepEqual([...shares(buildSlots(targets(3, () => 0))).keys()], [0]);
    assert.deepEqual([...shares(buildSlots([])).keys()], [0]);
  });
});
