import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { KernelMap } from '../loader/kernel-map.ts';
import { ContainerPlaces } from './container-places.ts';
import { numberKey } from './layout.ts';

/** An array of 8 numbers, that of an earlier process at its place, and how often it was walked and written. */
function scene(left: Readonly<Record<number, number>> = {}) {
  const values = Array.from({ length: 8 }, (_, place) => left[place] ?? 0);
  const counts = { walks: 0, writes: 0, failing: false };
  const map = {
    shape: { maxEntries: values.length },
    entries: () => {
      counts.walks++;
      return values.map((value, place) => ({ key: numberKey(place), value: numberKey(value) }));
    },
    set: (key: Buffer, value: Buffer) => {
      counts.writes++;
      if (counts.failing && counts.writes % 2 === 0) throw new Error('no');
      values[key.readUInt32LE(0)] = value.readUInt32LE(0);
    },
  };
  const there = () => values.filter((device) => device !== 0).sort((a, b) => a - b);
  return { places: new ContainerPlaces(map as unknown as KernelMap), there, counts };
}

test('what an earlier process has left goes, and after that only differences are written, without another walk', () => {
  const { places, there, counts } = scene({ 3: 11, 4: 12 });
  places.set([12, 13]);
  assert.deepEqual(there(), [12, 13]);
  assert.deepEqual([counts.walks, counts.writes], [1, 2]);
  places.set([12, 13]);
  places.set([13, 14]);
  assert.deepEqual(there(), [13, 14]);
  assert.deepEqual([counts.walks, counts.writes], [1, 4]);
});

test('of two devices for one place, the first has it, until it goes', () => {
  const { places, there } = scene();
  places.set([3, 11]);
  assert.deepEqual(there(), [3]);
  places.set([11]);
  assert.deepEqual(there(), [11]);
});

test('after a write that has failed, the map is what counts', () => {
  const { places, there, counts } = scene();
  counts.failing = true;
  assert.throws(() => places.set([1, 2]));
  counts.failing = false;
  places.set([2]);
  assert.deepEqual(there(), [2]);
});
