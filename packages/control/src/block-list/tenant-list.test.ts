import assert from 'node:assert/strict';
import { test } from 'node:test';
import { GONE, PrefixTable } from '@evenkeel/model/block-list/prefix-table.ts';
import { TenantList } from './tenant-list.ts';

const source = (number: number) => ({ key: new Uint32Array([number]), length: 32 });

test('entries are counted once in a second, and what is put in meanwhile is counted along', (t) => {
  const walks = t.mock.method(PrefixTable.prototype, 'count').mock;
  const list = new TenantList(7);
  for (let i = 0; i < 30; i++) list.put(source(i), 110 + i, '', 100);
  assert.equal(list.count(100), 30);
  const before = walks.callCount();
  list.put(source(0), GONE, '', 100);
  list.put(source(0), GONE, '', 100);
  list.put(source(1), 500, '', 100);
  list.put(source(99), 500, '', 100);
  list.put(source(98), GONE, '', 100);
  assert.equal(list.count(100), 30);
  assert.equal(walks.callCount(), before, 'nothing was walked');
  assert.equal(list.count(120), 21, 'what is over is not counted');
  assert.equal(list.count(100), 30, 'a clock that was set back');
});

test('a page ends after so many places, though nothing was found, and the pages have everything', () => {
  const list = new TenantList(7);
  for (let i = 0; i < 100_000; i++) list.put(source(i), 110, '', 100);
  list.put(source(100_000), 500, 'scans', 100);
  list.put({ key: new Uint32Array([0x2001_0db8, 0, 0, 1]), length: 128 }, 500, '', 100);
  const sources: string[] = [];
  let pages = 0;
  for (let from: number | null = 0; from !== null; pages++) {
    const page = list.page(from, 100, 200);
    assert.ok(page.next === null || page.next - from <= 65_536, `${page.next} after ${from}`);
    sources.push(...page.items.map((item) => item.source));
    from = page.next;
  }
  assert.deepEqual(sources, ['0.1.134.160/32', '2001:db8::1/128']);
  assert.ok(pages > 1);
  assert.deepEqual(list.page(1e9, 100, 200), { items: [], next: null });
});
