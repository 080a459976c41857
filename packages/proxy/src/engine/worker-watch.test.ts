import assert from 'node:assert/strict';
import { afterEach, beforeEach, mock, test } from 'node:test';
import { WorkerWatch } from './worker-watch.ts';

beforeEach(() => mock.timers.enable({ apis: ['setInterval'] }));
afterEach(() => mock.timers.reset());

test('a worker whose loop turns is left alone; one whose loop does not is told of once', () => {
  let beats = 0;
  const hangs: number[] = [];
  new WorkerWatch(
    () => beats,
    (seconds) => hangs.push(seconds),
  );
  for (let second = 0; second < 60; second++) {
    if (second % 3 === 0) beats++;
    mock.timers.tick(1_000);
  }
  assert.deepEqual(hangs, []);
  mock.timers.tick(60_000);
  assert.deepEqual(hangs, [10]);
});

test('a worker that is beginning has longer', () => {
  const hangs: number[] = [];
  new WorkerWatch(
    () => 7,
    (seconds) => hangs.push(seconds),
  );
  mock.timers.tick(29_000);
  assert.deepEqual(hangs, []);
  mock.timers.tick(1_000);
  assert.deepEqual(hangs, [30]);
});
