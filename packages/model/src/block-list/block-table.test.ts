import assert from 'node:assert/strict';
import { test } from 'node:test';
import { BlockTable } from './block-table.ts';
import { EntryWriter, readEntries } from './entries.ts';
import { networkKey, networkText } from './network-key.ts';
import { FOR_EVER, GONE, PrefixTable } from './prefix-table.ts';

const NOW = 1_000;
const key = (text: string) => networkKey(text)!;

test('blocks have one form, and what is none has none', () => {
  for (const [text, canonical] of [
    ['10.1.2.3', '10.1.2.3/32'],
    ['10.1.2.3/8', '10.0.0.0/8'],
    ['0.0.0.0/0', '0.0.0.0/0'],
    ['::ffff:10.1.2.3', '10.1.2.3/32'],
    ['::ffff:10.0.0.0/104', '10.0.0.0/8'],
    ['2001:DB8::1', '2001:db8::1/128'],
    ['2001:db8:ffff::/33', '2001:db8:8000::/33'],
    ['::/0', '::/0'],
  ] as const) {
    assert.equal(networkText(key(text)), canonical, text);
  }
  for (const text of ['', '10.1.2', '10.0.0.0/33', '10.0.0.0/', '::/129', '::ffff:10.0.0.0/95', '10.0.0.0/01']) {
    assert.equal(networkKey(text), null, text);
  }
});

test('the longest block whose time is not over decides', () => {
  const table = new BlockTable({ seed: 7, isShared: true });
  const put = (text: string, until: number) => table.put(key(text).key, key(text).length, until, NOW);
  put('10.0.0.0/8', FOR_EVER);
  put('10.1.0.0/16', NOW + 10);
  put('10.1.1.1', NOW);
  put('2001:db8::/32', NOW + 1);
  const covering = (text: string, now = NOW) => {
    const { family, key: address } = key(text);
    const slot = table.table(family).covering(address, now);
    if (slot < 0) return null;
    const found = new Uint32Array(address.length);
    const length = table.table(family).read(slot, found);
    return networkText({ family, key: found, length });
  };
  assert.equal(covering('10.1.1.1'), '10.1.0.0/16', 'its own is over');
  assert.equal(covering('10.1.1.1', NOW + 10), '10.0.0.0/8');
  assert.equal(covering('11.0.0.0'), null);
  assert.deepEqual([covering('2001:db8::1'), covering('2001:db8::1', NOW + 1)], ['2001:db8::/32', null]);
  put('10.0.0.0/8', GONE);
  assert.equal(covering('10.2.0.0'), null);
  assert.equal(table.count(NOW), 2);
});

test('a table that is full is made anew without what is over, and says where things are', () => {
  const table = new BlockTable({ seed: 1, isShared: false });
  const places = new Map<number, number>();
  let renewals = 0;
  for (let i = 0; i < 5_000; i++) {
    const until = i % 2 === 0 ? GONE : NOW + 1;
    const one = Uint32Array.of(i * 2_654_435_761);
    if (table.put(one, 32, until, NOW, (from, to) => places.set(from, to))) renewals++;
  }
  assert.ok(renewals > 2 && places.size > 0);
  assert.equal(table.count(NOW), 2_500);
  for (let i = 1; i < 5_000; i += 2) {
    assert.ok(table.table(4).covering(Uint32Array.of(i * 2_654_435_761), NOW) >= 0, `${i}`);
  }
  const before = table.memory.v4;
  for (let i = 0; i < 100_000; i++) table.put(Uint32Array.of(i), 31, GONE, NOW);
  assert.equal(table.memory.v4.lengths.length <= 2 * before.lengths.length, true, 'what is taken out needs no room');
});

test('changes come out of their bytes as they went in, and others are refused', () => {
  const writer = new EntryWriter();
  const given = [
    ['10.0.0.0/8', FOR_EVER],
    ['2001:db8::1/128', 7],
    ['0.0.0.0/0', GONE],
  ] as const;
  for (const [text, until] of given) writer.add(key(text).key, key(text).length, until);
  assert.equal(writer.count, 3);
  const bytes = writer.take();
  assert.equal(bytes.length, 10 + 22 + 10);
  const read: [string, number][] = [];
  const take = (words: Uint32Array, length: number, until: number) =>
    read.push([networkText({ family: words.length === 1 ? 4 : 6, key: words, length }), until]);
  assert.ok(readEntries(bytes, take));
  assert.deepEqual(read, given);
  for (const wrong of [bytes.subarray(0, 9), Uint8Array.of(5, 0), Uint8Array.of(4, 33, 0, 0, 0, 0, 0, 0, 0, 0)]) {
    assert.equal(
      readEntries(wrong, () => {}),
      false,
    );
  }
  assert.equal(writer.take().length, 0);
});

test('a table of one thread is read by another, as it lies in shared memory', () => {
  const table = new BlockTable({ seed: 3, isShared: true });
  table.put(key('192.0.2.0/24').key, 24, FOR_EVER, NOW);
  const reader = new PrefixTable(structuredClone(table.memory.v4));
  assert.ok(reader.covering(key('192.0.2.9').key, NOW) >= 0);
  table.put(key('192.0.2.0/24').key, 24, GONE, NOW);
  assert.equal(reader.covering(key('192.0.2.9').key, NOW), -1);
});
