import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type DeniedSources, type SourceTimes, sourceKey } from '@evenkeel/flow/datapath/denied-sources.ts';
import { BlockTable } from '@evenkeel/model/block-list/block-table.ts';
import { EntryWriter } from '@evenkeel/model/block-list/entries.ts';
import { networkKey, networkText } from '@evenkeel/model/block-list/network-key.ts';
import { FOR_EVER, GONE } from '@evenkeel/model/block-list/prefix-table.ts';
import { DENY_LISTS } from '@evenkeel/model/plan/block-list.ts';
import { pino } from 'pino';
import { KernelBlocks } from './kernel-blocks.ts';
import { KernelDenyList } from './kernel-deny-list.ts';
import type { KernelLists } from './listed-sources.ts';

const NOW = 1_000_000;

/** The kernel's maps, by network: seconds for which it is denied and allowed. */
class FakeSources {
  readonly held = new Map<string, SourceTimes>();
  readonly #names = new Map<string, string>();
  writes = 0;
  settled = 0;

  set(key: Buffer, times: SourceTimes): void {
    this.writes++;
    this.held.set(this.nameOf(key), times);
  }

  delete(key: Buffer): boolean {
    this.writes++;
    return this.held.delete(this.nameOf(key));
  }

  settle(): void {
    this.settled++;
  }

  *entries() {
    for (const name of [...this.held.keys()]) {
      const { key: words, length } = networkKey(name)!;
      yield { words, length };
    }
  }

  know(source: string): void {
    const { key, length, family } = networkKey(source)!;
    this.#names.set(sourceKey(key, length).toString('hex'), networkText({ family, key, length }));
  }

  nameOf(key: Buffer): string {
    return this.#names.get(key.toString('hex'))!;
  }
}

function world() {
  const sources = new FakeSources();
  const blocks = new KernelBlocks({
    blocked: {} as KernelLists,
    denied: new KernelDenyList(sources as unknown as DeniedSources),
    clock: { now: () => 0, wallTime: () => NOW * 1_000, setTimer: () => ({ cancel: () => {} }) },
    log: pino({ level: 'silent' }),
  });
  const tables = {
    denied: new BlockTable({ seed: 7, isShared: true }),
    allowed: new BlockTable({ seed: 8, isShared: true }),
  };
  const put = (part: 'denied' | 'allowed', ...entries: readonly (readonly [string, number])[]): Uint8Array => {
    const writer = new EntryWriter();
    for (const [source, until] of entries) {
      const { key, length } = networkKey(source)!;
      sources.know(source);
      tables[part].put(key, length, until, NOW);
      writer.add(key, length, until);
    }
    return writer.take();
  };
  const change = (part: 'denied' | 'allowed', ...entries: readonly (readonly [string, number])[]) =>
    blocks.changed(DENY_LISTS[part], put(part, ...entries));
  const follow = async () => {
    for (const part of ['allowed', 'denied'] as const) blocks.follow(DENY_LISTS[part], tables[part].memory);
    await blocks.settled();
  };
  const held = () =>
    Object.fromEntries([...sources.held].map(([name, { denied, allowed }]) => [name, [denied, allowed]]));
  return { sources, blocks, put, change, follow, held };
}

test('the kernel gets what memory has, loses what an earlier process has left, and hears nothing of loopback', async () => {
  const { sources, put, follow, held } = world();
  sources.know('192.0.2.9');
  sources.set(sourceKey(networkKey('192.0.2.9')!.key, 32), { denied: null, allowed: 0 });
  put('denied', ['192.0.2.1', NOW + 60], ['2001:db8::/32', FOR_EVER], ['192.0.2.2', NOW]);
  put('allowed', ['127.0.0.0/8', FOR_EVER], ['::1', FOR_EVER], ['192.0.2.1', NOW + 5]);
  await follow();
  assert.deepEqual(held(), { '192.0.2.1/32': [60, 5], '2001:db8::/32': [null, 0] });
  assert.equal(sources.settled, 1);
});

test('a network has the ends of those that contain it, an address its own alone', async () => {
  const { blocks, put, change, follow, held } = world();
  put('denied', ['10.0.0.0/8', FOR_EVER], ['10.1.0.0/16', NOW + 5], ['10.1.1.1', NOW + 7]);
  await follow();
  assert.deepEqual(held(), { '10.0.0.0/8': [null, 0], '10.1.0.0/16': [null, 0], '10.1.1.1/32': [7, 0] });
  change('allowed', ['10.0.0.0/9', NOW + 9]);
  assert.deepEqual(held()['10.0.0.0/9'], [null, 9], 'at once');
  await blocks.settled();
  assert.deepEqual(
    [held()['10.1.0.0/16'], held()['10.1.1.1/32']],
    [
      [null, 9],
      [7, 0],
    ],
  );
  change('denied', ['10.0.0.0/8', GONE]);
  await blocks.settled();
  assert.deepEqual(held(), { '10.0.0.0/9': [0, 9], '10.1.0.0/16': [5, 9], '10.1.1.1/32': [7, 0] });
});

test('a change of an address is one write, however many there are', async () => {
  const { sources, blocks, put, change, follow, held } = world();
  put('denied', ...Array.from({ length: 5_000 }, (_, i) => [`10.0.${i >> 8}.${i & 255}`, FOR_EVER] as const));
  await follow();
  const { writes } = sources;
  change('denied', ['10.0.0.7', GONE]);
  change('allowed', ['10.0.0.8', FOR_EVER]);
  await blocks.settled();
  assert.deepEqual(
    [held()['10.0.0.7/32'], held()['10.0.0.8/32'], sources.writes - writes],
    [undefined, [null, null], 2],
  );
  change('allowed', ['10.0.0.0/16', NOW + 5]);
  await blocks.settled();
  assert.ok(sources.writes - writes <= 5, 'the network alone, and no address in it');
});
