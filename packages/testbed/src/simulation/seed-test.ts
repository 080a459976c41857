import { test } from 'node:test';
import type { Journal } from './journal.ts';

export type Trace = ((line: string) => void) | null;

/** Name of the environment variable that picks one seed and shows everything that happens in it. */
const PICK = 'EVENKEEL_SEED';

/** Runs in one test: enough to find a failure among, few enough to see progress. */
const GROUP = 100;

const MOST_SHOWN = 5;

/**
 * Defines tests that play the seeds [first, first + count), each of them one whole run. A failing seed is reported with
 * the command that replays it with a trace of every event. With `EVENKEEL_SEED` set only that seed is played.
 */
export function testSeeds(
  file: string,
  first: number,
  count: number,
  play: (seed: number, trace: Trace) => Journal,
): void {
  const picked = process.env[PICK];
  if (picked !== undefined) {
    test(`seed ${picked}`, () => report(file, [failureOf(Number(picked), play, (line) => console.log(line))]));
    return;
  }
  for (let from = first; from < first + count; from += GROUP) {
    const to = Math.min(from + GROUP, first + count);
    test(`seeds ${from} to ${to - 1}`, () => {
      const failures: (string | null)[] = [];
      for (let seed = from; seed < to; seed++) failures.push(failureOf(seed, play, null));
      report(file, failures);
    });
  }
}

/** Null when the run of a seed is as it should be; otherwise what is wrong with it. */
export function failureOf(seed: number, play: (seed: number, trace: Trace) => Journal, trace: Trace): string | null {
  try {
    const { violations } = play(seed, trace);
    return violations.length === 0 ? null : `seed ${seed}: ${violations.slice(0, MOST_SHOWN).join('\n  ')}`;
  } catch (error) {
    return `seed ${seed}: ${error instanceof Error ? error.stack : String(error)}`;
  }
}

function report(file: string, outcomes: readonly (string | null)[]): void {
  const failures = outcomes.filter((outcome) => outcome !== null);
  if (failures.length === 0) return;
  const seed = /^seed (\d+)/.exec(failures[0] as string)?.[1];
  const replay = `${PICK}=${seed} node_modules/.bin/node --test ${file}`;
  const shown = failures.slice(0, MOST_SHOWN).join('\n');
  throw new Error(`${failures.length} of ${outcomes.length} seeds fail. Replay the first with\n  ${replay}\n${shown}`);
}
