import assert from 'node:assert/strict';
import { afterEach, beforeEach, mock, test } from 'node:test';
import { Pulse } from './pulse.ts';

beforeEach(() => mock.timers.enable({ apis: ['setInterval'] }));
afterEach(() => mock.timers.reset());

test('a process that beats is left alone, and one that stops beating is told of once', () => {
  let hangs = 0;
  const pulse = new Pulse(() => hangs++);
  for (let second = 0; second < 60; second++) {
    mock.timers.tick(1_000);
    pulse.beat();
  }
  assert.equal(hangs, 0);
  mock.timers.tick(14_000);
  assert.equal(hangs, 0);
  mock.timers.tick(1_000);
  assert.equal(hangs, 1);
  mock.timers.tick(60_000);
  assert.equal(hangs, 1);
});

test('nobody looks any more once it is stopped', () => {
  let hangs = 0;
  new Pulse(() => hangs++).stop();
  mock.timers.tick(60_000);
  assert.equal(hangs, 0);
});

test('a process that has yet to begin may take a minute', () => {
  const seconds: number[] = [];
  new Pulse((after) => seconds.push(after));
  mock.timers.tick(59_000);
  assert.deepEqual(seconds, []);
  mock.timers.tick(1_000);
  assert.deepEqual(seconds, [60]);
});
