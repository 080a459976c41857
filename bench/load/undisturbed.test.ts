import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Witnessed } from '../process/witness.ts';
import { quantile } from '../statistics.ts';
import { parseLog } from './paced.ts';
import { AHEAD, BEHIND, undisturbed } from './undisturbed.ts';

const core = (...pauses: [at: number, length: number][]): Witnessed => ({
  begin: 1_000,
  end: 2_000,
  pauses: pauses.map(([at, length]) => ({ at, length })),
});
/** A request each millisecond. */
const each = (took: (at: number) => number) =>
  Array.from({ length: 1_000 }, (_, index) => 1_000 + index).map((at) => ({ at, took: took(at), status: 200 }));
const dueAt = (requests: readonly { at: number }[]) => requests.map(({ at }) => at);

test('a log in the columns of h2load is read, whatever stands behind them', () => {
  assert.deepEqual(parseLog('1000500\t200\t1500\n1001000\t-1\t5000000\t7\n'), [
    { at: 1_000.5, took: 1.5, status: 200 },
    { at: 1_001, took: 5_000, status: -1 },
  ]);
  assert.throws(() => parseLog('1000\t200\n'), /not a line of a request log/);
});

test('without a pause all requests count but those at the end, whose future nobody has watched', () => {
  assert.deepEqual(
    dueAt(
      undisturbed(
        each(() => 1),
        [core()],
      ),
    ),
    dueAt(each(() => 1).slice(0, 1_001 - AHEAD)),
  );
});

test('what was due before the first watcher came, or after the first one left, does not count', () => {
  const early = { begin: 900, end: 1_500, pauses: [] };
  const late = { begin: 1_200, end: 2_000, pauses: [] };
  const left = dueAt(
    undisturbed(
      each(() => 1),
      [early, late],
    ),
  );
  assert.deepEqual([left[0], left.at(-1)], [1_200, 1_500 - AHEAD]);
});

test('a pause of either core leaves out what was due shortly before, during, and until the queue is empty', () => {
  const all = dueAt(
    undisturbed(
      each(() => 1),
      [core()],
    ),
  );
  for (const cores of [
    [core([1_500, 10]), core()],
    [core(), core([1_500, 10])],
  ]) {
    const left = new Set(
      dueAt(
        undisturbed(
          each(() => 1),
          cores,
        ),
      ),
    );
    const gone = all.filter((at) => !left.has(at));
    assert.deepEqual([gone[0], gone.at(-1)], [1_500 - AHEAD, 1_500 + 10 + 10 + BEHIND]);
    assert.equal(gone.length, AHEAD + 10 + 10 + BEHIND + 1);
  }
});

test('what pauses in a row take has to be caught up with all together, in whatever order they are told', () => {
  const pauses = core([1_520, 5], [1_500, 20], [1_600, 1]);
  const left = new Set(
    dueAt(
      undisturbed(
        each(() => 1),
        [pauses],
      ),
    ),
  );
  const gone = dueAt(each(() => 1)).filter((at) => at < 1_900 && !left.has(at));
  // 20 until 1,520 and 20 behind that, into which the next falls; its 5 are lost and have to be worked off as well.
  const first = Array.from({ length: 1_550 + BEHIND - 1_495 + 1 }, (_, index) => 1_495 + index);
  const last = Array.from({ length: 1_602 + BEHIND - 1_595 + 1 }, (_, index) => 1_595 + index);
  assert.deepEqual(gone, [...first, ...last]);
});

test('the quantile is that of a machine without pauses, for one that all of its slowest come from', () => {
  // Every 100 ms the core is gone for 10 ms: who was due then waits for the rest of it, and the queue behind it as well.
  const cores = [core(...Array.from({ length: 10 }, (_, index): [number, number] => [1_000 + index * 100, 10]))];
  const requests = each((at) => (at % 100 < 20 ? 10 - (at % 100) / 2 : 1));
  assert.ok(
    quantile(
      requests.map(({ took }) => took),
      0.99,
    ) > 9,
  );
  const left = undisturbed(requests, cores).map(({ took }) => took);
  assert.equal(quantile(left, 0.99), 1);
  assert.ok(left.length > 600);
});

test('how long a request took does not decide whether it counts', () => {
  const pauses = [core([1_100, 3], [1_400, 8], [1_600, 1])];
  const fast = undisturbed(
    each(() => 0.1),
    pauses,
  );
  const slow = undisturbed(
    each(() => 400),
    pauses,
  );
  assert.deepEqual(dueAt(fast), dueAt(slow));
});

test('what is slow without a pause stays', () => {
  const left = undisturbed(
    each((at) => (at % 10 === 0 ? 4 : 1)),
    [core([1_200, 5])],
  );
  assert.equal(
    quantile(
      left.map(({ took }) => took),
      0.95,
    ),
    4,
  );
});
