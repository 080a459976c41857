import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { ListenerCell, TargetCell } from './cells.ts';
import { countDuration } from './duration.ts';
import { EndReason } from './end-reason.ts';
import { SharedCounters } from './shared-counters.ts';

function begin(counters: SharedCounters, worker: number, slot: number): void {
  Atomics.add(counters.load, slot, 1);
  const row = counters.targetRow(worker, slot);
  row[TargetCell.requests]!++;
  row[TargetCell.activeRequests]!++;
  row[TargetCell.activeConnections]!++;
}

describe('shared counters', () => {
  it('add up what the workers counted', () => {
    const counters = new SharedCounters(3);
    const slot = counters.listenerSlot('lst');
    for (let worker = 0; worker < 3; worker++) {
      const row = counters.listenerRow(worker, slot);
      row[ListenerCell.requests] = 10 ** worker;
      row[ListenerCell.responses + 5] = worker;
      row[ListenerCell.reasons + EndReason.targetConnect] = worker;
      countDuration(row, 3);
    }
    const [listener] = counters.read(7).listeners;
    assert.equal(listener?.listenerId, 'lst');
    assert.equal(listener.requests, 111);
    assert.deepEqual(listener.responses, [0, 0, 0, 0, 0, 3]);
    assert.deepEqual(listener.reasons, { 'target-connect': 3 });
    assert.equal(listener.duration.counts[3], 3);
    assert.ok(Math.abs(listener.duration.sum - 0.009) < 1e-12);
    assert.equal(counters.read(7).accessLogDropped, 7);
    assert.equal(counters.read(7).workers.length, 3);
  });

  it('say what listeners have carried without reading anything of targets', () => {
    const counters = new SharedCounters(2);
    const slot = counters.listenerSlot('lst');
    counters.targetSlot('s', 't');
    for (const worker of [0, 1]) {
      const row = counters.listenerRow(worker, slot);
      row[ListenerCell.connections] = 1;
      row[ListenerCell.bytesReceived] = 10;
      row[ListenerCell.bytesSent] = 100;
    }
    assert.deepEqual(counters.readVolumes(), [
      { listenerId: 'lst', connections: 2, bytesReceived: 20, bytesSent: 200 },
    ]);
  });

  it('tell a target apart by the service that uses it', () => {
    const counters = new SharedCounters(1);
    begin(counters, 0, counters.targetSlot('s1', 't'));
    assert.deepEqual(counters.targetSlot('s1', 't') === counters.targetSlot('s2', 't'), false);
    assert.deepEqual(
      counters.read(0).targets.map(({ serviceId, targetId, requests }) => ({ serviceId, targetId, requests })),
      [
        { serviceId: 's1', targetId: 't', requests: 1 },
        { serviceId: 's2', targetId: 't', requests: 0 },
      ],
    );
  });

  it('tell where a target is as long as it is there, gone from the plan or not', () => {
    const counters = new SharedCounters(1);
    begin(counters, 0, counters.targetSlot('s', 't', { address: '10.0.0.1', port: 80 }));
    counters.targetSlot('s', 't', { address: '10.0.0.1', port: 8080 });
    counters.retireTarget('s', 't');
    counters.sweep();
    const [target] = counters.read(0).targets;
    assert.deepEqual([target?.address, target?.port, target?.draining], ['10.0.0.1', 8080, true]);
  });

  it('keep what has left until its last connection ends, then give an empty row to the next', () => {
    const counters = new SharedCounters(2);
    const slot = counters.targetSlot('s', 't');
    begin(counters, 1, slot);
    counters.retireTarget('s', 't');
    counters.sweep();
    assert.equal(counters.read(0).targets.length, 1);
    const row = counters.targetRow(1, slot);
    row[TargetCell.activeRequests]!--;
    row[TargetCell.activeConnections]!--;
    Atomics.sub(counters.load, slot, 1);
    counters.sweep();
    assert.equal(counters.read(0).targets.length, 0);
    assert.equal(counters.targetSlot('s', 'other'), slot);
    assert.equal(counters.read(0).targets[0]?.requests, 0);
  });

  it('take back what a worker had under way when it died, and keep what it had counted', () => {
    const counters = new SharedCounters(2);
    const slot = counters.targetSlot('s', 't');
    begin(counters, 0, slot);
    begin(counters, 1, slot);
    begin(counters, 1, slot);
    counters.listenerRow(1, counters.listenerSlot('l'))[ListenerCell.activeConnections] = 5;
    counters.forgetWorker(1);
    assert.equal(Atomics.load(counters.load, slot), 1);
    const { targets, listeners } = counters.read(0);
    assert.equal(targets[0]?.requests, 3);
    assert.equal(targets[0]?.activeRequests, 1);
    assert.equal(targets[0]?.activeConnections, 1);
    assert.equal(listeners[0]?.activeConnections, 0);
  });
});
