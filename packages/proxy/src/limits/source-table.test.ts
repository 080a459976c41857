import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Random } from '../reactor/simulated/random.ts';
import { IpAddress } from '../source-address/ip-address.ts';
import { newSourceMemory, type SourceRate, SourceTable } from './source-table.ts';

const address = (text: string) => {
  const parsed = new IpAddress();
  assert.ok(parsed.parseText(text), text);
  return parsed;
};
const numbered = (number: number) => {
  const source = new IpAddress();
  source.family = 4;
  source.v4 = number >>> 0;
  return source;
};
const tableOf = (seed = 1) => {
  const random = new Random(seed);
  return new SourceTable(newSourceMemory(() => random.below(2 ** 30) / 2 ** 30));
};
const rate = (perSecond: number, burst: number, key = 7): SourceRate => ({ perSecond, burst, key });
const takenAt = (table: SourceTable, of: SourceRate, source: IpAddress, now: number, asked = 50) =>
  Array.from({ length: asked }, () => table.take(of, source, now)).filter(Boolean).length;

test('a source has its burst at once and its rate from then on, and one does not pay for another', () => {
  const table = tableOf();
  const limit = rate(10, 3);
  const source = address('192.0.2.1');
  assert.equal(takenAt(table, limit, source, 5_000), 3);
  assert.equal(takenAt(table, limit, source, 5_099), 0);
  assert.equal(takenAt(table, limit, source, 5_100), 1);
  assert.equal(takenAt(table, limit, address('192.0.2.2'), 5_100), 3);
  assert.equal(takenAt(table, limit, source, 60_000), 3, 'after a pause, no more than the burst');
});

test('IPv6 is told apart by its first 64 bits, and IPv4 in IPv6 is IPv4', () => {
  const table = tableOf();
  const limit = rate(1, 1);
  assert.ok(table.take(limit, address('2001:db8:1:2::1'), 1_000));
  assert.ok(!table.take(limit, address('2001:db8:1:2:ffff::9'), 1_000));
  assert.ok(table.take(limit, address('2001:db8:1:3::1'), 1_000));
  assert.ok(table.take(limit, address('192.0.2.1'), 1_000));
  assert.ok(!table.take(limit, address('::ffff:192.0.2.1'), 1_000));
});

test('each limit has buckets of its own', () => {
  const table = tableOf();
  assert.ok(table.take(rate(1, 1, 1), address('192.0.2.1'), 1_000));
  assert.ok(table.take(rate(1, 1, 2), address('192.0.2.1'), 1_000));
  assert.ok(!table.take(rate(1, 1, 1), address('192.0.2.1'), 1_000));
});

test('workers share what a source has', () => {
  const memory = newSourceMemory(() => 0.5);
  const workers = [new SourceTable(memory), new SourceTable(memory)];
  const limit = rate(5, 5);
  const source = address('192.0.2.1');
  const taken = Array.from({ length: 20 }, (_, i) => workers[i % 2]!.take(limit, source, 1_000)).filter(Boolean);
  assert.equal(taken.length, 5);
});

test('a worker whose clock is behind gives nothing away', () => {
  const table = tableOf();
  const limit = rate(1_000, 1);
  const source = address('192.0.2.1');
  assert.ok(table.take(limit, source, 2_000));
  for (const behind of [1, 10, 500]) assert.ok(!table.take(limit, source, 2_000 - behind));
  assert.ok(!table.take(limit, source, 2_000));
  assert.ok(table.take(limit, source, 2_001));
});

test('a flood of invented sources pushes out nobody who is at the limit', () => {
  const table = tableOf();
  const limit = rate(10, 10);
  const guilty = [1, 2, 3].map((i) => address(`198.51.100.${i}`));
  let now = 10_000;
  for (const source of guilty) assert.equal(takenAt(table, limit, source, now), 10);
  let admitted = 0;
  for (let i = 0; i < 1_000_000; i++) {
    // A second of a million sources, in which each of the guilty asks all the time.
    if (i % 1_000 === 0) {
      now++;
      for (const source of guilty) admitted += takenAt(table, limit, source, now, 2);
    }
    assert.ok(table.take(limit, numbered(0x0a00_0000 + i), now), 'whoever comes for the first time is let in');
  }
  assert.equal(admitted, 30, 'ten in the second for each');
});

test('entries that nobody has asked for in 25 days make room like any that rest', () => {
  const table = tableOf();
  const limit = rate(10, 10);
  for (let i = 0; i < 400_000; i++) table.take(limit, numbered(0x0b00_0000 + i), 10_000);
  const now = 10_000 + 2 ** 31 + 5_000;
  const guilty = Array.from({ length: 20 }, (_, i) => address(`198.51.100.${i}`));
  for (const source of guilty) assert.equal(takenAt(table, limit, source, now), 10);
  for (let i = 0; i < 100_000; i++) table.take(limit, numbered(0x0a00_0000 + i), now);
  assert.equal(guilty.filter((source) => table.take(limit, source, now)).length, 0);
});

for (let seed = 1; seed <= 60; seed++) {
  test(`no window of time has more than its share, and who keeps to the rate is never refused: seed ${seed}`, () => {
    const random = new Random(seed);
    const table = tableOf(seed);
    const limit = rate(1 + random.below(seed % 2 === 0 ? 5 : 5_000), 1 + random.below(50));
    const [greedy, modest] = [address('192.0.2.1'), address('2001:db8::1')];
    const taken: number[] = [];
    let now = 2 ** 31 - 3_000;
    let next = now;
    for (let asked = 0; asked < 3_000; asked++) {
      if (random.below(3) === 0) now += random.below(Math.ceil(3_000 / limit.perSecond) + 1);
      if (table.take(limit, greedy, now)) taken.push(now);
      if (now < next) continue;
      assert.ok(table.take(limit, modest, now), `refused at ${now}`);
      next = now + Math.ceil(1_000 / limit.perSecond);
    }
    for (let i = 0; i < taken.length; i += 1 + random.below(20)) {
      for (let j = i; j < taken.length; j += 1 + random.below(50)) {
        const most = limit.burst + ((taken[j]! - taken[i]!) * limit.perSecond) / 1_000 + 1;
        assert.ok(j - i + 1 <= most, `${j - i + 1} from ${taken[i]} to ${taken[j]} at ${limit.perSecond}/s`);
      }
    }
  });
}
