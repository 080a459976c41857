import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Resource } from '@evenkeel/proxy/overload/pressure.ts';
import type { WorkerCounters } from '@evenkeel/proxy/telemetry/counters.ts';
import { FakeEngine } from '../../test/fake-engine.ts';
import { recordingLog } from '../../test/log.ts';
import { NodeOverload } from './node-overload.ts';

const worker = (index: number, overload: readonly Resource[]): WorkerCounters => ({
  worker: index,
  openConnections: 0,
  freeBuffers: 0,
  overload,
  standingDelay: 0,
  shedShare: 0,
  waitingHeads: 0,
});

test('a node is out of what any of its workers is out of, and says so once', () => {
  const engine = new FakeEngine();
  const { log, lines } = recordingLog();
  const node = new NodeOverload(engine, log);
  const tell = (...workers: (readonly Resource[])[]) => {
    engine.counted = { ...engine.counted, workers: workers.map((overload, index) => worker(index, overload)) };
    return node.read();
  };
  assert.deepEqual(tell([], []), []);
  assert.equal(lines.length, 0);
  assert.deepEqual(tell(['time'], ['memory', 'time']), ['memory', 'time']);
  assert.deepEqual(tell(['time', 'memory'], []), ['memory', 'time']);
  assert.deepEqual(
    lines.map(({ msg, overload }) => [msg, overload]),
    [['workers turn new work away', ['memory', 'time']]],
  );
  assert.deepEqual(tell([], []), []);
  assert.equal(lines.length, 2);
});
