import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { ThreadHeap } from './heap.ts';
import { HeapPressure } from './heap-pressure.ts';

/** A heap of which so much is in use, and so much of that is no garbage. */
function heapOf(used: number, live: number) {
  const heap = {
    usedShare: used,
    liveShare: live,
    collections: 0,
    used: () => heap.usedShare,
    collect: () => {
      heap.collections++;
      heap.usedShare = heap.liveShare;
    },
  };
  return heap;
}

describe('memory for objects', () => {
  it('is collected before it counts as used up', () => {
    const heap = heapOf(0.85, 0.4);
    const pressure = new HeapPressure(heap);
    pressure.look(0);
    assert.deepEqual([pressure.high, heap.collections], [false, 1]);
  });

  it('is used up when collecting does not help, until there is clearly more of it', () => {
    const heap = heapOf(0.85, 0.78);
    const pressure = new HeapPressure(heap);
    pressure.look(0);
    assert.equal(pressure.high, true);
    heap.usedShare = heap.liveShare = 0.7;
    pressure.look(100);
    assert.equal(pressure.high, true);
    heap.usedShare = 0.64;
    pressure.look(200);
    assert.deepEqual([pressure.high, heap.collections], [false, 1]);
  });

  it('is collected now and then while it is used up, as nothing else may do so', () => {
    const heap = heapOf(0.9, 0.9);
    const pressure = new HeapPressure(heap);
    for (let now = 0; now < 5_000; now += 100) pressure.look(now);
    assert.deepEqual([pressure.high, heap.collections], [true, 1]);
    heap.liveShare = 0.2;
    pressure.look(5_000);
    assert.deepEqual([pressure.high, heap.collections], [false, 2]);
  });

  it('turns away a share that grows with what is missing, and all only where next to nothing is left', () => {
    const heap = heapOf(0, 0);
    const pressure = new HeapPressure(heap);
    const shares = [0.7, 0.75, 0.8, 0.85, 0.9, 0.95, 0.7].map((used, i) => {
      heap.usedShare = heap.liveShare = used;
      pressure.look(i * 100);
      return Math.round(pressure.share * 100);
    });
    assert.deepEqual(shares, [0, 0, 33, 67, 100, 100, 0]);
  });

  it('serves on beside a plan that is above the mark for good, and collects earlier when garbage fills the rest', () => {
    const heap = heapOf(0.78, 0.78);
    const pressure = new HeapPressure(heap);
    for (let now = 0; now < 60_000; now += 100) {
      pressure.look(now);
      assert.ok(pressure.high && pressure.share < 0.25, `${pressure.share} at ${now} ms`);
    }
    const { collections } = heap;
    heap.usedShare = 0.93;
    pressure.look(60_000 - 100);
    assert.deepEqual([heap.collections - collections, pressure.share < 0.25], [1, true]);
  });

  it('is measured and collected in this thread', () => {
    const heap = new ThreadHeap();
    let garbage: unknown[] | null = Array.from({ length: 300_000 }, (_, i) => [i]);
    const before = heap.used();
    assert.ok(before > 0 && before < 1 && garbage.length > 0);
    garbage = null;
    heap.collect();
    assert.ok(heap.used() < before);
  });
});
