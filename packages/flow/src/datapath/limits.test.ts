import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { limitsBytes, readFlood } from './limits.ts';

const rates = (bytes: Buffer, offset: number) => [bytes.readBigUInt64LE(offset), bytes.readBigUInt64LE(offset + 8)];

suite('limits as the kernel has them', () => {
  test('a rate is the time from one to the next, a burst the time that a source may be ahead', () => {
    const bytes = limitsBytes({ packets: { perSecond: 10, burst: 3 }, flows: null, syns: { alarm: 500, calm: 100 } });
    assert.deepEqual(rates(bytes, 0), [100_000_000n, 200_000_000n]);
    assert.deepEqual(rates(bytes, 16), [0n, 0n]);
    assert.deepEqual([bytes.readUInt32LE(32), bytes.readUInt32LE(36)], [500, 100]);
  });

  test('a burst is at least what comes while the clock stands still', () => {
    const bytes = limitsBytes({ packets: null, flows: { perSecond: 1_000_000, burst: 1 }, syns: null });
    assert.deepEqual(rates(bytes, 16), [1000n, 10_000_000n]);
  });

  test('what is no rate is refused', () => {
    for (const [perSecond, burst] of [
      [0, 1],
      [-1, 1],
      [Number.NaN, 1],
      [2e9, 1],
      [1, 0],
      [1, Number.POSITIVE_INFINITY],
    ] as const) {
      assert.throws(() => limitsBytes({ packets: { perSecond, burst }, flows: null, syns: null }), /not a rate/);
    }
    for (const syns of [
      { alarm: 10, calm: 11 },
      { alarm: 10, calm: 0 },
      { alarm: 1.5, calm: 1 },
    ]) {
      assert.throws(() => limitsBytes({ packets: null, flows: null, syns }), /0 < calm/);
    }
  });

  test('an alarm has ended once there were few SYN for long enough, whether or not one came to see it', () => {
    const bytes = Buffer.alloc(24);
    bytes.writeUInt32LE(1000, 8);
    bytes.writeUInt32LE(1, 12);
    bytes.writeBigUInt64LE(7n, 16);
    assert.deepEqual(readFlood(bytes, 1010), { alarm: true, alarms: 7n });
    assert.deepEqual(readFlood(bytes, 1011), { alarm: false, alarms: 7n });
  });
});
