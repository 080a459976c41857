import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { release } from 'node:os';
import { test } from 'node:test';
import { Worker } from 'node:worker_threads';
import { limitTimeSlices, takeTimeSlice } from './time-slice.ts';
import { isRecent } from './uring/open.ts';

const modern = process.platform === 'linux' && isRecent(release(), [6, 12]);

test('the scheduler takes slices within its bounds', { skip: modern ? false : 'needs Linux 6.12' }, async () => {
  // On a thread of its own, as it stays so.
  const body = `
    const { parentPort, workerData } = require('node:worker_threads');
    import(workerData).then(({ takeTimeSlice }) => {
      parentPort.postMessage([takeTimeSlice(200), takeTimeSlice(3_000), takeTimeSlice(10_000_000)]);
    });
  `;
  const url = new URL('./time-slice.ts', import.meta.url).href;
  const worker = new Worker(body, { eval: true, workerData: url });
  const { promise, resolve, reject } = Promise.withResolvers<unknown>();
  worker.once('message', resolve);
  worker.once('error', reject);
  try {
    assert.deepEqual(await promise, [true, true, false]);
  } finally {
    await worker.terminate();
  }
});

test('asking does no harm where it is not granted', () => {
  assert.equal(takeTimeSlice(10_000_000), false);
});

test('all threads of a process take slices', { skip: modern ? false : 'needs Linux 6.12' }, () => {
  const threads = readdirSync('/proc/self/task').length;
  assert.ok(threads > 1);
  assert.ok(limitTimeSlices(3_000) >= threads);
  assert.equal(limitTimeSlices(10_000_000), 0);
});
