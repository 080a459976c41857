import assert from 'node:assert/strict';
import { test } from 'node:test';
import { changeOf, listenerOf } from '../../test/plans.ts';
import { BandwidthWord } from '../limits/bandwidth/bandwidth-memory.ts';
import { SharedCounters } from '../telemetry/shared-counters.ts';
import { Tables } from './tables.ts';

test('those who were in line on a worker that has died are in line no more, and others stay', () => {
  const tables = new Tables(new SharedCounters(2), () => 0.5);
  const planned = ['one', 'two'].map((id) => listenerOf(80, { id, loadBalancerId: id, bandwidth: 125_000 }));
  const memories = tables.change(changeOf([], planned)).listeners.map(({ bandwidth }) => bandwidth!);
  for (const memory of memories) {
    memory[BandwidthWord.waiting] = 3;
    memory[BandwidthWord.waiting + 1] = 900;
  }
  tables.forgetWorker(1);
  assert.deepEqual(
    memories.map((memory) => [...memory.subarray(BandwidthWord.waiting)]),
    [
      [3, 0],
      [3, 0],
    ],
  );
});
