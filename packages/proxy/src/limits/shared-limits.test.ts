import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ListenerCell } from '../telemetry/cells.ts';
import { SharedCounters } from '../telemetry/shared-counters.ts';
import { OVERFLOW_SLOT } from '../telemetry/slots.ts';
import { placesTaken, SharedLimits } from './shared-limits.ts';
import { newSourceMemory, SourceTable } from './source-table.ts';

const sources = new SourceTable(newSourceMemory(() => 0.5));
const limitsOf = (memory: Int32Array, slot: number) => new SharedLimits(memory, slot, sources);

test('workers share the places of a listener, and have none in common with other listeners', () => {
  const counters = new SharedCounters(2);
  const [first, second] = [counters.blocks(0).limits, counters.blocks(1).limits];
  const [a, b] = [counters.listenerSlot('a'), counters.listenerSlot('b')];
  const workers = [limitsOf(first, a), limitsOf(second, a)];
  const other = limitsOf(second, b);
  assert.deepEqual([workers[0]!.enter(2), workers[1]!.enter(2), workers[0]!.enter(2)], [true, true, false]);
  assert.ok(other.enter(1));
  workers[1]!.leave();
  assert.ok(workers[0]!.enter(2));
  assert.deepEqual([placesTaken(first, a), placesTaken(first, b)], [2, 1]);
  assert.ok(workers[0]!.connectionRate.take(1, 1_000));
  assert.ok(workers[0]!.requestRate.take(1, 1_000) && other.requestRate.take(1, 1_000));
  assert.ok(!workers[1]!.connectionRate.take(1, 1_000) && !workers[1]!.requestRate.take(1, 1_000));
});

test('places of a worker that died are free again, and those of the others stay taken', () => {
  const counters = new SharedCounters(2);
  const slot = counters.listenerSlot('a');
  for (const worker of [0, 0, 1]) {
    assert.ok(limitsOf(counters.blocks(worker).limits, slot).enter(3));
    counters.listenerRow(worker, slot)[ListenerCell.places]!++;
  }
  counters.forgetWorker(0);
  assert.equal(placesTaken(counters.blocks(1).limits, slot), 1);
  counters.forgetWorker(0);
  assert.equal(placesTaken(counters.blocks(1).limits, slot), 1);
});

test('a listener that takes the place of another one begins with nothing', () => {
  const counters = new SharedCounters(1);
  const slot = counters.listenerSlot('a');
  const limits = limitsOf(counters.blocks(0).limits, slot);
  assert.ok(limits.requestRate.take(1, 1_000));
  counters.retireListener('a');
  counters.sweep();
  assert.equal(counters.listenerSlot('b'), slot);
  assert.ok(limitsOf(counters.blocks(0).limits, slot).requestRate.take(1, 1_000));
});

test('listeners without a slot of their own are counted by each worker alone', () => {
  const { limits } = new SharedCounters(1).blocks(0);
  assert.ok(limitsOf(limits, OVERFLOW_SLOT).enter(1));
  assert.ok(limitsOf(limits, OVERFLOW_SLOT).enter(1));
  assert.equal(placesTaken(limits, OVERFLOW_SLOT), 0);
});
