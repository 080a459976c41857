import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type BlockedSources, listKey } from '@evenkeel/flow/datapath/blocked-sources.ts';
import { BlockTable } from '@evenkeel/model/block-list/block-table.ts';
import { EntryWriter } from '@evenkeel/model/block-list/entries.ts';
import { networkKey, networkText } from '@evenkeel/model/block-list/network-key.ts';
import { FOR_EVER, GONE } from '@evenkeel/model/block-list/prefix-table.ts';
import { pino } from 'pino';
import { KernelBlockLists } from './kernel-block-lists.ts';
import { KernelBlocks } from './kernel-blocks.ts';
import type { KernelLists } from './listed-sources.ts';

const NOW = 1_000_000;

/** The kernel's map, by list and network: seconds that are left, or null. */
class FakeSources {
  readonly held = new Map<string, number | null>();
  most = Number.POSITIVE_INFINITY;
  /** Walks through all of it, and entries that were written. */
  walks = 0;
  writes = 0;
  fails = false;

  set(list: Buffer, words: Uint32Array, length: number, seconds: number | null): void {
    const name = nameOf(list, words, length);
    this.writes++;
    if (this.held.size >= this.most && !this.held.has(name)) throw new Error('ENOSPC');
    this.held.set(name, seconds);
  }

  delete(list: Buffer, words: Uint32Array, length: number): boolean {
    return this.held.delete(nameOf(list, words, length));
  }

  *entries() {
    this.walks++;
    if (this.fails) throw new Error('EINVAL');
    for (const name of [...this.held.keys()]) {
      const [list, source] = name.split(' ') as [string, string];
      const { key: words, length } = networkKey(source)!;
      yield { list: Buffer.from(list, 'hex'), words, length };
    }
  }
}

function nameOf(list: Buffer, key: Uint32Array, length: number): string {
  return `${list.toString('hex')} ${networkText({ family: key.length === 1 ? 4 : 6, key: key.slice(), length })}`;
}

/** No test here has one: kernel-deny-list.test.ts. */
const NO_DENY_LIST = {} as KernelLists;

function world() {
  const sources = new FakeSources();
  const timers: (() => void)[] = [];
  let isLooked = false;
  const blocks = new KernelBlocks({
    blocked: new KernelBlockLists(sources as unknown as BlockedSources, () => {
      isLooked = true;
    }),
    denied: NO_DENY_LIST,
    clock: {
      now: () => 0,
      wallTime: () => NOW * 1_000,
      setTimer: (_delay, callback) => {
        timers.push(callback);
        return { cancel: () => {} };
      },
    },
    log: pino({ level: 'silent' }),
  });
  const table = new BlockTable({ seed: 7, isShared: true });
  const put = (...entries: readonly (readonly [string, number])[]): Uint8Array => {
    const writer = new EntryWriter();
    for (const [source, until] of entries) {
      const { key, length } = networkKey(source)!;
      table.put(key, length, until, NOW);
      writer.add(key, length, until);
    }
    return writer.take();
  };
  const held = () =>
    Object.fromEntries([...sources.held].map(([name, seconds]) => [name.slice(name.indexOf(' ') + 1), seconds]));
  return { sources, timers, blocks, table, put, held, isLooked: () => isLooked };
}

test('the kernel gets what memory has, and loses what an earlier process has left', async () => {
  const { sources, blocks, table, put, held, isLooked } = world();
  sources.set(listKey('tenant-1'), networkKey('192.0.2.9')!.key, 32, null);
  sources.set(listKey('another'), networkKey('192.0.2.8')!.key, 32, null);
  put(['192.0.2.1', NOW + 60], ['2001:db8::/32', FOR_EVER], ['192.0.2.2', NOW]);
  blocks.follow('tenant-1', table.memory);
  await blocks.settled();
  assert.deepEqual(held(), { '192.0.2.8/32': null, '192.0.2.1/32': 60, '2001:db8::/32': null });
  assert.ok(isLooked());
  blocks.changed('tenant-1', put(['192.0.2.1', GONE], ['192.0.2.3', FOR_EVER]));
  assert.deepEqual(held(), { '192.0.2.8/32': null, '2001:db8::/32': null, '192.0.2.3/32': null }, 'at once');
});

test('a network within a network lasts as long as the longer of them', async () => {
  const { blocks, table, put, held } = world();
  put(['10.0.0.0/8', FOR_EVER], ['10.1.1.1', NOW + 5]);
  blocks.follow('tenant-1', table.memory);
  await blocks.settled();
  assert.deepEqual(held(), { '10.0.0.0/8': null, '10.1.1.1/32': null });
  blocks.changed('tenant-1', put(['10.0.0.0/8', GONE]));
  await blocks.settled();
  assert.deepEqual(held(), { '10.1.1.1/32': 5 });
});

test('what does not fit is missed, and the rest is there', async () => {
  const { sources, blocks, table, put } = world();
  sources.most = 2;
  put(['192.0.2.1', FOR_EVER], ['192.0.2.2', FOR_EVER], ['192.0.2.3', FOR_EVER]);
  blocks.follow('tenant-1', table.memory);
  await blocks.settled();
  assert.equal(sources.held.size, 2);
});

test('nothing is written once it is closed', async () => {
  const { sources, blocks, table, put } = world();
  put(...Array.from({ length: 3_000 }, (_, i) => [`10.0.${i >> 8}.${i & 255}`, FOR_EVER] as const));
  for (let i = 0; i < 5; i++) blocks.follow(`tenant-${i}`, table.memory);
  while (sources.held.size === 0) await new Promise((resolve) => setImmediate(resolve));
  blocks.close();
  const { writes } = sources;
  blocks.changed('tenant-1', put(['192.0.2.1', FOR_EVER]));
  blocks.follow('tenant-2', table.memory);
  await blocks.settled();
  assert.equal(sources.writes, writes);
});

test('a network that changes is in force at once, and what is not in it is left alone', async () => {
  const { sources, blocks, table, put, held } = world();
  put(...Array.from({ length: 5_000 }, (_, i) => [`10.0.${i >> 8}.${i & 255}`, FOR_EVER] as const));
  put(['192.0.2.1', NOW + 5], ['192.0.2.2', NOW]);
  blocks.follow('tenant-1', table.memory);
  await blocks.settled();
  const { walks, writes } = sources;
  blocks.changed('tenant-1', put(['192.0.2.0/24', NOW + 60]));
  assert.equal(held()['192.0.2.0/24'], 60, 'at once');
  await blocks.settled();
  assert.deepEqual([held()['192.0.2.1/32'], sources.walks - walks], [60, 0]);
  assert.ok(sources.writes - writes <= 5, `${sources.writes - writes} entries were written`);
  blocks.changed('tenant-1', put(['192.0.2.0/24', GONE]));
  assert.equal(held()['192.0.2.0/24'], undefined, 'at once');
  await blocks.settled();
  assert.deepEqual([held()['192.0.2.1/32'], held()['192.0.2.2/32'], sources.walks - walks], [5, undefined, 0]);
});

test('many changes at a time are written without a walk through the kernel', async () => {
  const { sources, blocks, table, put } = world();
  table.put(Uint32Array.of(1), 32, FOR_EVER, NOW);
  for (const _ of table.makeRoom(4, 10_000, NOW));
  blocks.follow('tenant-1', table.memory);
  await blocks.settled();
  const { walks } = sources;
  const many = Array.from({ length: 5_000 }, (_, i) => `10.0.${i >> 8}.${i & 255}`);
  blocks.changed('tenant-1', put(...many.map((source) => [source, FOR_EVER] as const)));
  await blocks.settled();
  assert.equal(sources.held.size, 5_001);
  blocks.changed('tenant-1', put(...many.map((source) => [source, GONE] as const)));
  await blocks.settled();
  assert.deepEqual([sources.held.size, sources.walks - walks], [1, 0]);
});

test('lists that come together are swept together', async () => {
  const { sources, blocks, table, put } = world();
  put(['192.0.2.1', FOR_EVER]);
  for (let i = 0; i < 20; i++) blocks.follow(`tenant-${i}`, table.memory);
  await blocks.settled();
  assert.deepEqual([sources.walks, sources.held.size], [1, 20]);
});

test('what has failed is tried again later, with what came meanwhile', async () => {
  const { sources, timers, blocks, table, put, held, isLooked } = world();
  put(['192.0.2.1', FOR_EVER]);
  sources.fails = true;
  blocks.follow('tenant-1', table.memory);
  await blocks.settled();
  assert.deepEqual([held(), isLooked(), timers.length], [{}, false, 1]);
  blocks.changed('tenant-1', put(['192.0.2.2', FOR_EVER]));
  await blocks.settled();
  sources.fails = false;
  timers[0]!();
  await blocks.settled();
  assert.deepEqual([held(), isLooked()], [{ '192.0.2.1/32': null, '192.0.2.2/32': null }, true]);
});
