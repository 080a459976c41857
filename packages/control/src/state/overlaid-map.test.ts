import assert from 'node:assert/strict';
import { test } from 'node:test';
import { seeded } from '../../test/random-changes.ts';
import { OverlaidMap } from './overlaid-map.ts';

const numbered = (count: number) =>
  new Map(Array.from({ length: count }, (_, i) => [`k${String(i).padStart(3, '0')}`, { value: i }]));

test('it shows what a map would, whatever is put and removed, and the maps below stay as they were', () => {
  const random = seeded(5);
  for (let round = 0; round < 40; round++) {
    const base = numbered(100);
    const layers: { readonly map: OverlaidMap<{ value: number }>; readonly like: Map<string, { value: number }> }[] =
      [];
    let below: ReadonlyMap<string, { value: number }> = base;
    for (let depth = 0; depth < 4; depth++) {
      const map: OverlaidMap<{ value: number }> = new OverlaidMap(below);
      const like = new Map(below);
      const changes = Math.floor(random() * 120);
      for (let i = 0; i < changes; i++) {
        const key = `k${String(Math.floor(random() * 110)).padStart(3, '0')}`;
        if (random() < 0.02) {
          map.delete(key);
          like.delete(key);
        } else if (like.has(key) || random() < 0.1) {
          const value = { value: i };
          map.set(key, value);
          like.set(key, value);
        }
      }
      layers.push({ map, like });
      below = random() < 0.3 ? map.plain() : map;
    }
    assert.deepEqual(base, numbered(100));
    for (const { map, like } of layers) {
      assert.deepEqual([...map], [...like]);
      assert.deepEqual([...map.keys()], [...like.keys()]);
      assert.deepEqual([...map.values()], [...like.values()]);
      assert.equal(map.size, like.size);
      for (const key of [...like.keys(), 'other']) {
        assert.equal(map.get(key), like.get(key));
        assert.equal(map.has(key), like.has(key));
      }
      assert.deepEqual(map.plain(), like);
    }
  }
});

test('a plain map that was handed out is not changed by what is put later', () => {
  const map = new OverlaidMap(numbered(3));
  map.set('k001', { value: 7 });
  const plain = map.plain();
  map.set('k002', { value: 8 });
  map.delete('k000');
  assert.deepEqual([...plain.values()], [{ value: 0 }, { value: 7 }, { value: 2 }]);
  assert.deepEqual([...map.values()], [{ value: 7 }, { value: 8 }]);
});

test('the keys in which maps over the same one may differ are told; of others nothing is', () => {
  const base = numbered(10);
  const first = new OverlaidMap(base);
  first.set('k003', { value: 1 });
  const second = new OverlaidMap(first);
  second.set('k005', { value: 1 });
  assert.deepEqual(OverlaidMap.suspects(base, second), new Set(['k003', 'k005']));
  assert.deepEqual(OverlaidMap.suspects(base, base), new Set());
  second.set('k010', { value: 1 });
  assert.equal(OverlaidMap.suspects(base, second), null);
});

test('of a copy it is told in which keys it may differ from what it was made of, until keys come or go', () => {
  const base = numbered(100);
  const map = new OverlaidMap(base);
  map.set('k003', { value: 1 });
  const copy = map.plain();
  assert.deepEqual(OverlaidMap.suspects(base, copy), new Set(['k003']));
  const next = new OverlaidMap(copy);
  next.set('k005', { value: 1 });
  assert.deepEqual(OverlaidMap.suspects(base, next), new Set(['k003', 'k005']));
  assert.deepEqual(OverlaidMap.suspects(copy, next.plain()), new Set(['k005']));
  assert.equal(OverlaidMap.suspects(base, next.plain()), null, 'two copies on');
  const many = new OverlaidMap(base);
  for (let i = 0; i < 80; i++) many.set(`k0${String(i).padStart(2, '0')}`, { value: -1 });
  assert.equal(OverlaidMap.suspects(base, many.plain())?.size, 80);
  for (const change of [
    (changed: OverlaidMap<{ value: number }>) => changed.set('k9', { value: 1 }),
    (changed: OverlaidMap<{ value: number }>) => changed.delete('k001'),
  ]) {
    const changed = new OverlaidMap(base);
    changed.set('k003', { value: 1 });
    change(changed);
    assert.equal(OverlaidMap.suspects(base, changed.plain()), null);
  }
});

test('it knows whether it was touched, and whether it has other keys', () => {
  const map = new OverlaidMap(numbered(3));
  assert.deepEqual([map.touched, map.hasOtherKeys], [false, false]);
  map.delete('k9');
  assert.equal(map.touched, false);
  map.set('k001', { value: 7 });
  assert.deepEqual([map.touched, map.hasOtherKeys], [true, false]);
  map.plain();
  assert.equal(map.hasOtherKeys, false);
  map.set('k9', { value: 7 });
  assert.equal(map.hasOtherKeys, true);
});
