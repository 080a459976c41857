import assert from 'node:assert/strict';
import { test } from 'node:test';
import { canonicalJson } from './canonical-json.ts';
import { applyDelta, diffPlans, EMPTY_PLAN, isIntact, planOf } from './delta.ts';
import { combineHashes, planEntry } from './hash.ts';
import type { PlanEntry } from './plan.ts';

const group = (id: string, weight: number): PlanEntry =>
  planEntry('group', {
    id,
    name: id,
    targets: [{ id: `${id}-1`, address: '10.0.0.1', port: 80, weight, zone: '', state: 'active' }],
  });

/** A small linear generator: the same numbers in every run. */
function random(seed: number): () => number {
  return () => {
    seed = (Math.imul(seed, 1_103_515_245) + 12_345) & 0x7fffffff;
    return seed / 0x80000000;
  };
}

test('canonical JSON does not depend on the order of keys, and leaves undefined out', () => {
  assert.equal(canonicalJson({ b: [1, { d: null, c: 'x' }], a: undefined }), '{"b":[1,{"c":"x","d":null}]}');
  assert.equal(canonicalJson({ b: 1, a: 2 }), canonicalJson({ a: 2, b: 1 }));
  assert.throws(() => canonicalJson([undefined]), TypeError);
});

test('the combined hash does not depend on order, and can be carried along', () => {
  const [a, b, c] = [group('tg-a', 1).hash, group('tg-b', 1).hash, group('tg-c', 1).hash] as [string, string, string];
  assert.equal(combineHashes([a, b, c]), combineHashes([c, a, b]));
  assert.equal(combineHashes([combineHashes([a, b]), b, c]), combineHashes([a, c]));
  assert.equal(combineHashes([]), '0'.repeat(32));
  assert.notEqual(a, b);
});

test('applying the difference of two plans to the first gives the second', () => {
  const next = random(7);
  let plan = EMPTY_PLAN;
  for (let version = 1; version <= 200; version++) {
    const entries = new Map(plan.entries);
    for (let i = 0; i < 5; i++) {
      const id = `tg-${Math.floor(next() * 30)}`;
      if (next() < 0.4) entries.delete(`group/${id}`);
      else entries.set(`group/${id}`, group(id, Math.floor(next() * 3)));
    }
    const target = planOf(version, entries.values());
    const delta = diffPlans(plan, target);
    const applied = applyDelta(plan, delta);
    assert.ok(applied);
    assert.equal(applied.hash, target.hash);
    assert.deepEqual(new Map([...applied.entries].sort()), new Map([...target.entries].sort()));
    for (const [key, entry] of plan.entries) {
      if (target.entries.get(key)?.hash === entry.hash) assert.equal(applied.entries.get(key), entry);
    }
    assert.ok(isIntact(applied));
    plan = applied;
  }
});

test('a delta that does not belong to the plan is refused', () => {
  const one = planOf(1, [group('tg-a', 1)]);
  const two = planOf(2, [group('tg-a', 2)]);
  const delta = diffPlans(one, two);
  assert.equal(applyDelta(two, delta), null, 'another version');
  assert.equal(applyDelta(one, { ...delta, removes: ['group/tg-x'] }), null, 'removes what is not there');
  assert.equal(applyDelta(one, { ...delta, hash: one.hash }), null, 'another outcome');
  assert.equal(applyDelta(planOf(1, [group('tg-b', 1)]), delta), null, 'another plan of the same version');
});

test('a plan with a changed value is not intact', () => {
  const plan = planOf(1, [group('tg-a', 1)]);
  const entry = { ...group('tg-a', 2), hash: group('tg-a', 1).hash } as PlanEntry;
  assert.ok(isIntact(plan));
  assert.equal(isIntact({ ...plan, entries: new Map([[entry.key, entry]]) }), false);
});
