import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { OVERFLOW_SLOT, Slots } from './slots.ts';

describe('slots', () => {
  it('gives each key a slot of its own, and the same one again', () => {
    const slots = new Slots<string>(10);
    const first = slots.take('a', 'A');
    const second = slots.take('b', 'B');
    assert.notEqual(first, second);
    assert.equal(slots.take('a', 'A'), first);
    assert.deepEqual(
      [...slots.entries()],
      [
        { name: 'A', slot: first },
        { name: 'B', slot: second },
      ],
    );
  });

  it('gives a slot away only when it is retired and quiet', () => {
    const slots = new Slots<string>(10);
    const slot = slots.take('a', 'A');
    slots.sweep(() => true);
    assert.equal(slots.take('a', 'A'), slot);
    slots.retire('a');
    slots.sweep(() => false);
    assert.notEqual(slots.take('b', 'B'), slot);
    slots.sweep((asked) => asked === slot);
    assert.equal(slots.take('c', 'C'), slot);
  });

  it('keeps the slot of a key that comes back in time', () => {
    const slots = new Slots<string>(10);
    const slot = slots.take('a', 'A');
    slots.retire('a');
    assert.equal(slots.take('a', 'A'), slot);
    slots.sweep(() => true);
    assert.equal([...slots.entries()].length, 1);
  });

  it('gives the lowest free slot first', () => {
    const slots = new Slots<string>(100);
    const given = ['a', 'b', 'c', 'd', 'e'].map((key) => slots.take(key, key));
    for (const key of ['d', 'b', 'c']) {
      slots.retire(key);
      slots.sweep(() => true);
    }
    assert.equal(slots.take('f', 'f'), given[1]);
    assert.equal(slots.take('g', 'g'), given[2]);
  });

  it('lets those beyond its capacity share one slot that no key has', () => {
    const slots = new Slots<string>(3);
    assert.deepEqual(
      ['a', 'b', 'c', 'd'].map((key) => slots.take(key, key)),
      [1, 2, OVERFLOW_SLOT, OVERFLOW_SLOT],
    );
    slots.retire('c');
    slots.retire('a');
    slots.sweep(() => true);
    assert.equal(slots.take('c', 'c'), 1);
  });
});
