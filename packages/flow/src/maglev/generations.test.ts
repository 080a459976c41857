import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { firstGeneration, nextGeneration, rememberingSlots, settle } from './generations.ts';
import { buildSlots, SLOTS } from './slots.ts';

const table = (...numbers: number[]) =>
  buildSlots(numbers.map((number) => ({ number, name: `target ${number}`, weight: 1 })));
const [TWO, THREE] = [table(1, 2), table(1, 2, 3)];
const where = (holds: (slot: number) => boolean) => [...Array(SLOTS).keys()].filter(holds);
const current = (pair: number) => pair & 0x7fff;
const previous = (pair: number) => pair >>> 16;

suite('generations of a table', () => {
  test('the first one remembers nothing', () => {
    const first = firstGeneration(TWO);
    assert.deepEqual(rememberingSlots(first), []);
    assert.ok(first.every((pair, slot) => current(pair) === TWO[slot] && previous(pair) === TWO[slot]));
  });

  test('the slots that change, and no others, remember; they name both targets', () => {
    const next = nextGeneration(THREE, firstGeneration(TWO));
    assert.deepEqual(
      rememberingSlots(next),
      where((slot) => TWO[slot] !== THREE[slot]),
    );
    assert.ok(next.every((pair, slot) => current(pair) === THREE[slot] && previous(pair) === TWO[slot]));
  });

  test('a slot goes on remembering through the next change, even back to where it was', () => {
    const there = nextGeneration(THREE, firstGeneration(TWO));
    const changed = rememberingSlots(there);
    assert.deepEqual(rememberingSlots(nextGeneration(THREE, there)), changed);
    assert.deepEqual(rememberingSlots(nextGeneration(TWO, there)), changed);
  });

  test('settled, slots remember as long as flows are written down, and agree on the current target', () => {
    const there = nextGeneration(THREE, firstGeneration(TWO));
    const [left, ...rest] = rememberingSlots(there);
    const settled = settle(there, (slot) => slot === left || !rest.includes(slot));
    assert.deepEqual(rememberingSlots(settled), [left]);
    assert.ok(settled.every((pair, slot) => current(pair) === THREE[slot] && previous(pair) === THREE[slot]));
    assert.deepEqual(rememberingSlots(settle(settled, () => false)), []);
  });

  test('flows of a target that is gone, or of nobody, are not kept', () => {
    const first = firstGeneration(THREE);
    const next = nextGeneration(TWO, first, (number) => number === 3);
    assert.ok(next.every((pair, slot) => THREE[slot] !== 3 || previous(pair) === TWO[slot]));
    assert.deepEqual(
      rememberingSlots(next),
      where((slot) => THREE[slot] !== 3 && THREE[slot] !== TWO[slot]),
    );
    assert.deepEqual(rememberingSlots(nextGeneration(TWO, firstGeneration(new Uint16Array(SLOTS)))), []);
  });

  test('the highest number fits both halves', () => {
    const high = new Uint16Array(SLOTS).fill(32_767);
    const pair = nextGeneration(TWO, firstGeneration(high))[0]!;
    assert.deepEqual([previous(pair), current(pair)], [32_767, TWO[0]]);
    assert.equal(current(nextGeneration(high, firstGeneration(TWO))[0]!), 32_767);
  });
});
