import assert from 'node:assert/strict';
import { after } from 'node:test';
import { testSeeds } from '../src/simulation/seed-test.ts';
import { playTrouble } from '../src/simulation/trouble/run.ts';

/** What has to happen to be looked at, of all that `Journal` counts. */
const HAPPENS = [
  'answered',
  'lost',
  'refused 502',
  'refused 503',
  'refused 504',
  'ejections',
  'slow starts of new ones',
  'slow starts after ejections',
  'tried again',
  'paid retries',
  'POST sent again',
  'asked while ejected',
] as const;

const counts = new Map<string, number>();

testSeeds('packages/testbed/test/simulation-trouble.test.ts', 80_000, 1_600, (seed, trace) => {
  const journal = playTrouble(seed, trace);
  for (const [what, count] of journal.counts) counts.set(what, (counts.get(what) ?? 0) + count);
  return journal;
});

after(() => {
  if (process.env['EVENKEEL_SEED'] !== undefined) return;
  assert.deepEqual(
    HAPPENS.filter((what) => !counts.has(what)),
    [],
    'never happened',
  );
});
