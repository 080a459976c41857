import assert from 'node:assert/strict';
import { appendFileSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import type { BlockTableMemory } from '@evenkeel/model/block-list/block-table.ts';
import { EntryWriter } from '@evenkeel/model/block-list/entries.ts';
import { networkKey } from '@evenkeel/model/block-list/network-key.ts';
import { FOR_EVER, GONE } from '@evenkeel/model/block-list/prefix-table.ts';
import { type BlockListMessage, DENY_LISTS } from '@evenkeel/model/plan/block-list.ts';
import type { EngineChange } from '@evenkeel/proxy/engine/engine.ts';
import { BlockReader } from '@evenkeel/proxy/protection/block-reader.ts';
import { denialsIn } from '@evenkeel/proxy/protection/denial-reader.ts';
import { IpAddress } from '@evenkeel/proxy/source-address/ip-address.ts';
import { pino } from 'pino';
import { NodeBlockLists } from './node-block-lists.ts';

const SECONDS = 1_000_000;

class World {
  readonly folder = mkdtempSync(join(tmpdir(), 'block-lists-'));
  readonly path = join(this.folder, 'block-lists.jsonl');
  readonly memories = new Map<string, BlockTableMemory>();
  seconds = SECONDS;
  /** Times that the engine was given tables. */
  handed = 0;
  /** Timers that go off at once. */
  isHasty = false;
  lists = this.open();

  open(): NodeBlockLists {
    return new NodeBlockLists({
      path: this.path,
      engine: {
        apply: async ({ blockLists }: EngineChange) => {
          this.handed++;
          for (const [tenantId, memory] of blockLists ?? []) this.memories.set(tenantId, memory);
        },
      },
      clock: {
        now: () => this.seconds * 1_000,
        wallTime: () => this.seconds * 1_000,
        setTimer: (_delay, callback) => {
          if (this.isHasty) callback();
          return { cancel: () => {} };
        },
      },
      random: () => 0.5,
      log: pino({ level: 'silent' }),
    });
  }

  /** As another process does with the same home. */
  async restart(): Promise<void> {
    await this.lists.flush();
    this.memories.clear();
    this.lists = this.open();
    await this.lists.load(60_000);
  }

  say(version: number, tenantId: string, entries: readonly (readonly [string, number])[], reset = false) {
    const writer = new EntryWriter();
    for (const [source, until] of entries) {
      const { key, length } = networkKey(source)!;
      writer.add(key, length, until);
    }
    const message: BlockListMessage = {
      type: 'block-list',
      reset,
      position: { version, nonce: `n${version}` },
      tenantId,
      entries: Buffer.from(writer.take()).toString('base64'),
    };
    return this.lists.take(message);
  }

  /** null: nobody has to ask. */
  denies(text: string): boolean | null {
    const [denied, allowed] = [DENY_LISTS.denied, DENY_LISTS.allowed].map((name) => this.memories.get(name) ?? null);
    const address = new IpAddress();
    assert.ok(address.parseText(text));
    return denialsIn({ denied: denied!, allowed: allowed! }, () => this.seconds * 1_000)?.has(address) ?? null;
  }

  blocks(tenantId: string, text: string): boolean {
    const memory = this.memories.get(tenantId);
    const address = new IpAddress();
    assert.ok(address.parseText(text));
    return memory !== undefined && new BlockReader(memory, () => this.seconds * 1_000).has(address);
  }
}

function world(t: { after(end: () => Promise<void>): void }): World {
  const made = new World();
  t.after(async () => {
    // What is on its way to the disk would come into a folder that is gone.
    await made.lists.flush();
    rmSync(made.folder, { recursive: true });
  });
  return made;
}

test('what the control plane says is in force, each list for its tenant, until its time is over', async (t) => {
  const site = world(t);
  await site.lists.load(60_000);
  assert.deepEqual(site.lists.position, { version: 0, nonce: '' });
  assert.ok(
    await site.say(1, 'a', [
      ['10.0.0.0/8', FOR_EVER],
      ['2001:db8::1', SECONDS + 10],
    ]),
  );
  assert.deepEqual([site.blocks('a', '10.1.1.1'), site.blocks('a', '2001:db8::1')], [true, true]);
  assert.deepEqual([site.blocks('a', '11.0.0.0'), site.blocks('b', '10.1.1.1')], [false, false]);
  site.seconds += 10;
  assert.equal(site.blocks('a', '2001:db8::1'), false);
  await site.say(2, 'a', [['10.0.0.0/8', GONE]]);
  assert.equal(site.blocks('a', '10.1.1.1'), false);
});

test('a node that starts anew has what is on disk, and goes on from there', async (t) => {
  const site = world(t);
  await site.say(1, 'a', [['192.0.2.1', FOR_EVER]]);
  await site.say(2, 'b', [['192.0.2.2', FOR_EVER]]);
  await site.restart();
  assert.deepEqual(site.lists.position, { version: 2, nonce: 'n2' });
  assert.deepEqual([site.blocks('a', '192.0.2.1'), site.blocks('b', '192.0.2.2'), site.lists.entries], [true, true, 2]);
});

test('what begins anew forgets all from before, on disk too', async (t) => {
  const site = world(t);
  await site.say(1, 'a', [['192.0.2.1', FOR_EVER]]);
  await site.say(0, '', [], true);
  assert.equal(site.blocks('a', '192.0.2.1'), false);
  await site.say(0, 'a', [['192.0.2.3', FOR_EVER]]);
  await site.restart();
  assert.equal(site.lists.position.version, 0, 'it has yet to get the rest');
  assert.deepEqual([site.blocks('a', '192.0.2.1'), site.blocks('a', '192.0.2.3')], [false, true]);
});

test('what was cut short on disk takes nothing with it, and is mended at once', async (t) => {
  const site = world(t);
  await site.say(1, 'a', [['192.0.2.1', FOR_EVER]]);
  await site.lists.flush();
  appendFileSync(site.path, '{"reset":fal');
  await site.restart();
  assert.deepEqual([site.lists.position.version, site.blocks('a', '192.0.2.1')], [1, true]);
  await site.lists.flush();
  assert.ok(readFileSync(site.path, 'utf8').endsWith('}\n'));
  await site.say(2, 'a', [['192.0.2.2', FOR_EVER]]);
  await site.restart();
  assert.equal(site.lists.position.version, 2);
  assert.deepEqual([site.blocks('a', '192.0.2.1'), site.blocks('a', '192.0.2.2')], [true, true]);
});

test('a file that could not be written is mended a minute later, with all that came meanwhile', async (t) => {
  const site = world(t);
  await site.say(1, 'a', [['192.0.2.1', FOR_EVER]]);
  await site.lists.flush();
  rmSync(site.path);
  mkdirSync(site.path);
  await site.say(2, 'a', [['192.0.2.2', FOR_EVER]]);
  await site.lists.flush();
  await site.say(3, 'a', [['192.0.2.3', FOR_EVER]]);
  await site.lists.flush();
  rmdirSync(site.path);
  await site.say(4, 'a', [['192.0.2.4', FOR_EVER]]);
  await site.lists.flush();
  assert.equal(existsSync(site.path), false, 'a disk that is full is not written to with each part');
  site.seconds += 60;
  await site.say(5, 'a', [['192.0.2.5', FOR_EVER]]);
  await site.restart();
  assert.deepEqual([site.lists.position.version, site.lists.entries], [5, 5]);
});

test('lists that take long to read hold nobody up: the rest comes into force meanwhile, and parts wait for it', async (t) => {
  const site = world(t);
  const many = Array.from({ length: 20_000 }, (_, i) => `10.${i >> 16}.${(i >> 8) & 255}.${i & 255}`);
  for (let part = 0; part < 4; part++) {
    const own = many.slice(part * 5_000, (part + 1) * 5_000);
    await site.say(
      part + 1,
      'a',
      own.map((source) => [source, FOR_EVER] as const),
    );
  }
  await site.lists.flush();
  site.memories.clear();
  site.isHasty = true;
  site.lists = site.open();
  await site.lists.load(1_000);
  assert.ok(site.lists.entries < many.length, 'it has not been waited for');
  await site.say(5, 'a', [[many[0]!, GONE]]);
  assert.deepEqual([site.lists.position.version, site.lists.entries], [5, many.length - 1]);
  assert.deepEqual([site.blocks('a', many[0]!), site.blocks('a', many.at(-1)!)], [false, true]);
});

test('room is made before a part is put in, and the thread is given away meanwhile', async (t) => {
  const site = world(t);
  const sources = Array.from({ length: 60_000 }, (_, i) => `10.${i >> 16}.${(i >> 8) & 255}.${i & 255}`);
  const entries = sources.map((source) => [source, FOR_EVER] as const);
  await site.say(1, 'a', entries.slice(0, -5_000));
  assert.equal(site.handed, 1);
  let turns = 0;
  const count = () => {
    turns++;
    counting = setImmediate(count);
  };
  let counting = setImmediate(count);
  t.after(() => clearImmediate(counting));
  // What is behind this part alone fills the table, which has 131,072 slots.
  const more = Array.from({ length: 60_000 }, (_, i) => [`172.16.${i >> 8}.${i & 255}`, FOR_EVER] as const);
  await site.say(2, 'a', more);
  assert.equal(site.handed, 2);
  assert.ok(turns >= 4, `${turns} turns of others`);
  assert.equal(site.lists.entries, 115_000);
});

test('the file is written anew when most of it says nothing any more', async (t) => {
  const site = world(t);
  const half = Array.from({ length: 35_000 }, (_, i) => `10.${i >> 16}.${(i >> 8) & 255}.${i & 255}`);
  await site.say(
    1,
    'a',
    half.map((source) => [source, FOR_EVER] as const),
  );
  await site.say(
    2,
    'a',
    half.map((source) => [source, GONE] as const),
  );
  await site.say(3, 'a', [['192.0.2.1', FOR_EVER]]);
  await site.lists.flush();
  assert.ok(readFileSync(site.path).length < 1_000);
  await site.restart();
  assert.deepEqual([site.lists.position.version, site.lists.entries], [3, 1]);
});

test('what is no list of changes is not taken, and all is asked for anew', async (t) => {
  const site = world(t);
  await site.say(1, 'a', [['192.0.2.1', FOR_EVER]]);
  const wrong = {
    type: 'block-list',
    reset: false,
    position: { version: 2, nonce: '' },
    tenantId: 'a',
    entries: 'AAAA',
  };
  assert.equal(await site.lists.take(wrong as BlockListMessage), false);
  assert.deepEqual([site.lists.position.version, site.blocks('a', '192.0.2.1')], [0, true]);
});

test('the deny list is asked while there is anything in it, and never denies a machine itself', async (t) => {
  const site = world(t);
  await site.say(1, DENY_LISTS.allowed, [['198.51.100.7', FOR_EVER]]);
  assert.equal(site.denies('198.51.100.7'), null);
  await site.say(2, DENY_LISTS.denied, [
    ['0.0.0.0/0', FOR_EVER],
    ['::/0', FOR_EVER],
  ]);
  const asked = ['198.51.100.8', '198.51.100.7', '127.0.0.1', '127.1.2.3', '::1', '2001:db8::1'];
  const verdicts = [true, false, false, false, false, true];
  assert.deepEqual(
    asked.map((text) => site.denies(text)),
    verdicts,
  );
  assert.equal(site.lists.entries, 3);
  await site.restart();
  assert.deepEqual(
    asked.map((text) => site.denies(text)),
    verdicts,
    'an agent that starts anew',
  );
  await site.say(3, DENY_LISTS.denied, [['0.0.0.0/0', GONE]]);
  assert.deepEqual([site.denies('198.51.100.8'), site.denies('2001:db8::1')], [false, true]);
  await site.say(4, DENY_LISTS.denied, [['::/0', GONE]]);
  assert.equal(site.denies('2001:db8::1'), null, 'the last has gone');
  await site.say(5, DENY_LISTS.denied, [['192.0.2.1', SECONDS + 5]]);
  assert.equal(site.denies('192.0.2.1'), true);
  site.seconds += 5;
  assert.equal(site.denies('192.0.2.1'), false);
  await site.say(0, '', [], true);
  assert.equal(site.denies('192.0.2.1'), null);
});
