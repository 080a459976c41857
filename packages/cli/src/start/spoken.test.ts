import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Spoken } from './spoken.ts';

test('errors of the JSON log and plain words on stderr are shown, the rest is not', () => {
  const spoken = new Spoken(() => 0);
  assert.equal(spoken.of('{"level":50,"msg":"disk full"}', false), 'disk full');
  assert.equal(spoken.of('{"level":60,"msg":"evenkeel-agent: port 1 is taken"}', true), 'port 1 is taken');
  assert.equal(spoken.of('{"level":30,"msg":"fine"}', false), null);
  assert.equal(spoken.of('plain on stdout', false), null);
  assert.equal(spoken.of('plain on stderr', true), 'plain on stderr');
  assert.equal(spoken.of('evenkeel: port 1 is in use', true), 'port 1 is in use');
  assert.equal(spoken.of('{"cut off', true), '{"cut off');
});

test('a flood is cut, and the next window shows again', () => {
  let now = 0;
  const spoken = new Spoken(() => now);
  const lines = Array.from({ length: 50 }, (_, index) => `x${index}`);
  const shown = lines.map((line) => spoken.of(line, true)).filter((text) => text !== null);
  assert.equal(shown.length, 10);
  assert.equal(shown.at(-1), 'x9 (more is in the log)');
  now = 10_001;
  assert.equal(spoken.of('y', true), 'y');
});

test('what is said again and again is shown once a minute', () => {
  let now = 0;
  const spoken = new Spoken(() => now);
  const shown: number[] = [];
  for (; now < 180_000; now += 500) if (spoken.of('the disk is full', true) !== null) shown.push(now);
  assert.deepEqual(shown, [0, 60_000, 120_000]);
});
