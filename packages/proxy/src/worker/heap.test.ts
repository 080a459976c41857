import assert from 'node:assert/strict';
import { once } from 'node:events';
import { test } from 'node:test';
import { type ResourceLimits, Worker } from 'node:worker_threads';
import { WORKER_HEAP } from './heap.ts';

const MIB = 1024 * 1024;

/** Objects that outlive some collections and die then, as those of plans do, and what becomes of the room for them. */
const PROGRAM = `
  const { getHeapSpaceStatistics } = require('node:v8');
  const { parentPort } = require('node:worker_threads');
  const kept = new Array(100_000);
  for (let i = 0; i < 2_000_000; i++) kept[i % kept.length] = { i, name: 'object ' + i };
  parentPort.postMessage(getHeapSpaceStatistics().find(({ space_name: name }) => name === 'new_space').space_size);
`;

async function youngRoom(resourceLimits: ResourceLimits): Promise<number> {
  const worker = new Worker(PROGRAM, { eval: true, resourceLimits });
  const [size] = (await once(worker, 'message')) as [number];
  await worker.terminate();
  return size;
}

test('the room for young objects has a bound', async () => {
  // Without it, there are 32 MiB by then on a machine that has memory.
  const size = await youngRoom(WORKER_HEAP);
  assert.ok(size <= 16 * MIB, `${size / MIB} MiB`);
});
