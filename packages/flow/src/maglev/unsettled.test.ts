import assert from 'node:assert/strict';
import { test } from 'node:test';
import { firstGeneration, nextGeneration, settle } from './generations.ts';
import { SLOTS } from './slots.ts';
import { Unsettled } from './unsettled.ts';

const all = (number: number) => new Uint16Array(SLOTS).fill(number);
const but = (number: number, slot: number, other: number) => all(number).fill(other, slot, slot + 1);

test('a slot counts from its first change on, another one from its own', () => {
  const unsettled = new Unsettled();
  const first = firstGeneration(all(1));
  unsettled.look(first, 0);
  assert.equal(unsettled.oldest, null);
  const second = nextGeneration(but(1, 7, 2), first);
  unsettled.look(second, 10);
  const third = nextGeneration(but(3, 7, 3), second);
  unsettled.look(third, 20);
  assert.equal(unsettled.oldest, 10);
  assert.deepEqual([unsettled.isDue(7, 10), unsettled.isDue(8, 10), unsettled.isDue(8, 20)], [true, false, true]);
  unsettled.look(
    settle(
      third,
      () => false,
      (slot) => unsettled.isDue(slot, 10),
    ),
    30,
  );
  assert.deepEqual([unsettled.oldest, unsettled.isDue(7, 30), unsettled.isDue(8, 20)], [20, false, true]);
});

test('what was found unsettled takes over how long it has been so, what has changed here does not', () => {
  const [found, seen] = [new Unsettled(), new Unsettled()];
  const before = nextGeneration(but(1, 7, 2), firstGeneration(all(1)));
  seen.look(before, 10);
  found.look(before, 500, true);
  const after = nextGeneration(but(1, 8, 3).fill(2, 7, 8), before);
  found.look(after, 600);
  const { ages, slots } = seen.ages(500)!;
  assert.deepEqual([ages, slots[7], slots[8]], [[490], 1, 0]);
  found.recall((slot) => (slot === 7 || slot === 8 ? 500 - ages[0]! : null));
  assert.deepEqual(
    [found.oldest, found.isDue(7, 10), found.isDue(8, 599), found.isDue(8, 600)],
    [10, true, false, true],
  );
  found.recall(() => 550);
  assert.equal(found.oldest, 10, 'what is told later makes nothing younger');
  assert.equal(new Unsettled().ages(1), null);
});

test('more times than it tells apart, of which some are told: it settles later, never earlier', () => {
  const unsettled = new Unsettled();
  const table = nextGeneration(all(2), firstGeneration(all(1)));
  unsettled.look(table, 10_000, true);
  unsettled.recall((slot) => slot);
  const early = Array.from({ length: 9_000 }, (_, slot) => slot).filter((slot) => unsettled.isDue(slot, slot - 1));
  assert.deepEqual([early, unsettled.isDue(0, 9_999), unsettled.isDue(60_000, 9_999)], [[], true, false]);
});

test('with more changes than it tells apart it settles later, never earlier', () => {
  const unsettled = new Unsettled();
  const slots = all(1);
  let table = firstGeneration(slots);
  for (let change = 0; change < 300; change++) {
    slots[change] = 2;
    table = nextGeneration(slots, table);
    unsettled.look(table, change);
  }
  assert.deepEqual([unsettled.oldest, unsettled.isDue(0, 0), unsettled.isDue(1, 0)], [0, true, false]);
  assert.deepEqual([unsettled.isDue(299, 298), unsettled.isDue(299, 299)], [false, true]);
});
