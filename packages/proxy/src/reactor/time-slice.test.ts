import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
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

test('threads of the engine give way to all others', {
  skip: process.platform === 'linux' ? false : 'needs Linux',
}, () => {
  // In a process of its own, as they cannot be told otherwise again.
  const url = new URL('./time-slice.ts', import.meta.url).href;
  const body = `
    import { readdirSync, readFileSync } from 'node:fs';
    import { getPriority } from 'node:os';
    const { engineThreadsGiveWay } = await import(${JSON.stringify(url)});
    const count = engineThreadsGiveWay();
    const threads = readdirSync('/proc/self/task').map((thread) => {
      const stat = readFileSync('/proc/self/task/' + thread + '/stat', 'utf8');
      return { name: stat.slice(0, stat.lastIndexOf(')')), nice: Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[16]) };
    });
    const pool = threads.filter(({ name }) => name.includes('V8Worker'));
    const others = threads.filter(({ name }) => !name.includes('V8Worker'));
    console.log(JSON.stringify([count === pool.length && count > 0, pool.every(({ nice }) => nice >= 10), others.every(({ nice }) => nice === getPriority())]));
  `;
  const output = execFileSync(process.execPath, ['--input-type=module', '-e', body], { encoding: 'utf8' });
  assert.deepEqual(JSON.parse(output), [true, true, true]);
});
