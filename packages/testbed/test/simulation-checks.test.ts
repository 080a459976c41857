import assert from 'node:assert/strict';
import { test } from 'node:test';
import { playHttp } from '../src/simulation/http/run.ts';
import { httpRun } from '../src/simulation/http/seeds.ts';
import { relayMiddle } from '../src/simulation/middle.ts';
import type { Flaw } from '../src/simulation/relay.ts';
import { failureOf } from '../src/simulation/seed-test.ts';

/** The checks of the simulation have to pass what is right and to notice each of these wrongs. */
const HTTP_FLAWS: readonly Flaw[] = [
  'wrong-client',
  'drops-tail',
  'doubles',
  'reorders',
  'reset-as-end',
  'no-half-close',
  'leaks-buffer',
  'leaks-connection',
  'leaks-timer',
  'double-release',
  'use-after-release',
  'replays',
];

const SEEDS = 60;

function httpFailures(flaw: Flaw | null, most: number): string[] {
  const failures: string[] = [];
  for (let seed = 0; seed < 10 * SEEDS && failures.length < most; seed++) {
    const failure = failureOf(seed, () => playHttp(seed, httpRun(seed, relayMiddle(flaw), 1, false)), null);
    if (failure !== null) failures.push(failure);
    if (flaw === null && seed === SEEDS) break;
  }
  return failures;
}

test('HTTP through a relay without a flaw breaks no rule', () => {
  assert.deepEqual(httpFailures(null, 1), []);
});

for (const flaw of HTTP_FLAWS) {
  test(`HTTP through a relay that is wrong is noticed: ${flaw}`, () => {
    assert.equal(httpFailures(flaw, 1).length, 1);
  });
}
