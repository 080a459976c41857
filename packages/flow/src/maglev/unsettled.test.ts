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
