import assert from 'node:assert/strict';
import { test } from 'node:test';
import { playHttp } from '../src/simulation/http/run.ts';
import { httpRun } from '../src/simulation/http/seeds.ts';
import type { Journal } from '../src/simulation/journal.ts';
import { relayMiddle } from '../src/simulation/middle.ts';
import { FLAWS, type Flaw } from '../src/simulation/relay.ts';
import { failureOf } from '../src/simulation/seed-test.ts';
import { playTcp, tcpRun } from '../src/simulation/tcp/run.ts';

// The checks of the simulation have to pass what is right, and to notice each of the wrongs that a relay can do.

const RIGHT_SEEDS = 60;

/** A flaw has to show within so many seeds. */
const FLAWED_SEEDS = 400;

type Play = (seed: number, flaw: Flaw | null) => Journal;

const protocols: readonly { name: string; flaws: readonly Flaw[]; play: Play }[] = [
  {
    name: 'HTTP',
    // A body of one request is no longer than what may wait for a connection.
    flaws: FLAWS.filter((flaw) => flaw !== 'no-back-pressure'),
    play: (seed, flaw) => playHttp(seed, httpRun(seed, relayMiddle(flaw), 1, false)),
  },
  { name: 'TCP', flaws: FLAWS, play: (seed, flaw) => playTcp(seed, tcpRun(seed, relayMiddle(flaw), 1)) },
];

for (const { name, flaws, play } of protocols) {
  test(`${name} through a relay without a flaw breaks no rule`, () => {
    for (let seed = 0; seed < RIGHT_SEEDS; seed++)
      assert.equal(
        failureOf(seed, () => play(seed, null), null),
        null,
      );
  });

  for (const flaw of flaws) {
    test(`${name} through a flawed relay is noticed: ${flaw}`, () => {
      for (let seed = 0; seed < FLAWED_SEEDS; seed++) {
        if (failureOf(seed, () => play(seed, flaw), null) !== null) return;
      }
      assert.fail('nothing was noticed');
    });
  }
}
