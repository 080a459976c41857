import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseOptions } from './options.ts';

test('without arguments everything is measured and saved', () => {
  const options = parseOptions([]);
  assert.deepEqual(options.scenarios, []);
  assert.equal(options.save, true);
  assert.deepEqual(options.settings, { rounds: 5, seconds: 5, pinned: true, quick: false });
});

test('a quick run and the data plane alone leave no results behind', () => {
  assert.equal(parseOptions(['--quick']).save, false);
  assert.equal(parseOptions(['--engine']).save, false);
});

test('scenarios and balancers are chosen by name', () => {
  const options = parseOptions(['keepalive', 'memory', '--balancers', 'nginx,evenkeel', '--rounds', '7']);
  assert.deepEqual(options.scenarios, ['keepalive', 'memory']);
  assert.deepEqual(options.balancers, ['nginx', 'evenkeel']);
  assert.equal(options.settings.rounds, 7);
});

test('a number that is none and an unknown option are refused by name', () => {
  assert.throws(() => parseOptions(['--rounds', '0']), /--rounds takes a whole number/);
  assert.throws(() => parseOptions(['--seconds', '5s']), /--seconds takes a whole number/);
  assert.throws(() => parseOptions(['--fast']), /--fast/);
});
