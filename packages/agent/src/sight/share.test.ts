import assert from 'node:assert/strict';
import { test } from 'node:test';
import { firstShare, nextShare, type SampleLoad, SETTLED, wantedShare } from './share.ts';

const QUIET: SampleLoad = { packetsPerSecond: 0, flowsPerSecond: 0, held: 0, budget: 16_384 };

test('a quiet listener has all of its flows in the sample', () => {
  assert.equal(wantedShare(QUIET, 1), 1);
  assert.equal(wantedShare({ ...QUIET, packetsPerSecond: 50_000, flowsPerSecond: 1_000, held: 16_384 }, 1), 1);
});

for (const [load, oneIn, wanted] of [
  [{ packetsPerSecond: 1_000_000 }, 1, 32],
  [{ flowsPerSecond: 50_000 }, 1, 64],
  [{ held: 16_385 }, 1, 2],
  [{ held: 16_385 }, 64, 128],
  [{ held: 1_000 }, 64, 4],
  [{ flowsPerSecond: 1e12 }, 1, 2 ** 20],
] as const) {
  test(`with ${JSON.stringify(load)} and one in ${oneIn}, one in ${wanted} is wanted`, () => {
    assert.equal(wantedShare({ ...QUIET, ...load }, oneIn), wanted);
  });
}

test('the share becomes smaller at once', () => {
  const share = nextShare(firstShare(1, 100), { ...QUIET, flowsPerSecond: 4_000 }, 101);
  assert.deepEqual(share, { oneIn: 4, countBy: 4, since: 101, peak: 1 });
});

test('it becomes larger after a minute in which that would have done, to what the minute needed', () => {
  let share = firstShare(64, 100);
  share = nextShare(share, { ...QUIET, flowsPerSecond: 8_000 }, 120);
  share = nextShare(share, QUIET, 100 + SETTLED - 1);
  assert.deepEqual([share.oneIn, share.countBy], [64, 64]);
  share = nextShare(share, QUIET, 100 + SETTLED);
  assert.deepEqual([share.oneIn, share.countBy], [8, 64]);
});

test('for a minute after that, flows are counted by the smaller share', () => {
  let share = nextShare(firstShare(64, 0), QUIET, SETTLED);
  assert.deepEqual([share.oneIn, share.countBy], [1, 64]);
  share = nextShare(share, QUIET, 2 * SETTLED - 1);
  assert.deepEqual([share.oneIn, share.countBy], [1, 64]);
  share = nextShare(share, QUIET, 2 * SETTLED);
  assert.deepEqual([share.oneIn, share.countBy], [1, 1]);
});

test('a listener that stays busy stays where it is', () => {
  let share = firstShare(8, 0);
  for (let now = 1; now < 200; now++) share = nextShare(share, { ...QUIET, flowsPerSecond: 5_000 }, now);
  assert.deepEqual([share.oneIn, share.countBy], [8, 8]);
});
