import assert from 'node:assert/strict';
import { test } from 'node:test';
import { seededRandom } from '../../test/virtual-clock.ts';
import { type Due, DueHeap } from './due-heap.ts';

function item(): Due {
  return { due: 0, place: -1 };
}

test('gives the items in order of time through any mix of additions, moves and removals', () => {
  for (let seed = 1; seed <= 50; seed++) {
    const random = seededRandom(seed);
    const heap = new DueHeap<Due>();
    const items = Array.from({ length: 60 }, item);
    const inside = new Set<Due>();
    for (let step = 0; step < 400; step++) {
      const chosen = items[Math.floor(random() * items.length)] as Due;
      if (random() < 0.3) {
        heap.remove(chosen);
        inside.delete(chosen);
      } else {
        heap.set(chosen, Math.floor(random() * 100));
        inside.add(chosen);
      }
      assert.equal(heap.size, inside.size);
      const least = Math.min(...[...inside].map((member) => member.due));
      assert.equal(heap.peek()?.due ?? Number.POSITIVE_INFINITY, least, `seed ${seed}, step ${step}`);
    }
    const drained: number[] = [];
    for (let first = heap.peek(); first !== undefined; first = heap.peek()) {
      drained.push(first.due);
      heap.remove(first);
    }
    assert.deepEqual(
      drained,
      [...drained].sort((a, b) => a - b),
    );
  }
});

test('removing what is not inside does nothing', () => {
  const heap = new DueHeap<Due>();
  heap.remove(item());
  assert.equal(heap.size, 0);
});
