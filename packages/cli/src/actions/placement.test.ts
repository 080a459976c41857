import assert from 'node:assert/strict';
import { test } from 'node:test';
import { drainText } from './placement.ts';

test('a drain says what it waits for, what is left, and how many flows of the kernel go elsewhere', () => {
  const drain = { since: '', deadline: 'noon', waitsFor: ['b'], connections: 3, kernelFlows: 1_200 };
  const moving = 'Its drain waits for b to take over. About 1200 flows in its kernel go on through other nodes then.';
  assert.equal(drainText({ ...drain, state: 'moving' }).replaceAll(/(?<=\d)\D(?=\d)/g, ''), moving);
  assert.equal(drainText({ ...drain, state: 'moving', kernelFlows: 0 }), 'Its drain waits for b to take over.');
  assert.match(drainText({ ...drain, state: 'draining' }), /connections left: 3, until noon/);
  assert.equal(drainText({ ...drain, state: 'drained' }), 'It is over; 3 connections left.');
});
