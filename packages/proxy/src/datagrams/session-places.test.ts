import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { NodeSockets } from '../overload/node-sockets.ts';
import { SessionPlaces } from './session-places.ts';

/** Takes all that there are, and says how many. */
function exhaust(places: SessionPlaces): number {
  let count = 0;
  for (; places.hasRoom; count++) places.take();
  return count;
}

describe('places for sessions of UDP', () => {
  // 1,000 connections for two workers.
  const ofWorker = () => SessionPlaces.ofWorker(new NodeSockets(new Int32Array(2), 0, 1_256));

  it('are half of what a node has, and one listener leaves a quarter of that to others', () => {
    const worker = ofWorker();
    const [one, two] = [worker.ofListener(), worker.ofListener()];
    assert.deepEqual([exhaust(one), exhaust(two)], [187, 63]);
    assert.equal(worker.hasRoom, false);
  });

  it('are there again for anybody once they are given back', () => {
    const worker = ofWorker();
    const [one, two] = [worker.ofListener(), worker.ofListener()];
    exhaust(one);
    exhaust(two);
    one.giveBack();
    assert.deepEqual([one.hasRoom, two.hasRoom], [true, true]);
    two.take();
    assert.deepEqual([one.hasRoom, two.hasRoom], [false, false]);
  });

  it('have no end where nothing is known of descriptors, and there is one for the smallest node', () => {
    assert.equal(SessionPlaces.ofWorker(new NodeSockets(new Int32Array(1), 0, 0)).ofListener().most, Infinity);
    assert.equal(SessionPlaces.ofWorker(new NodeSockets(new Int32Array(64), 0, 65)).ofListener().most, 1);
  });
});
