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
  const shown = Array.from({ length: 50 }, () => spoken.of('x', true)).filter((text) => text !== null);
  assert.equal(shown.length, 10);
  assert.equal(shown.at(-1), 'x (more is in the log)');
  now = 10_001;
  assert.equal(spoken.of('x', true), 'x');
});
