import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Settings } from './bench.ts';
import type { Machine } from './machine.ts';
import type { Round } from './metrics.ts';
import type { Comparison } from './verdict.ts';

/** What one run of one scenario found: everything that is needed to judge it, single rounds included. */
export interface Result {
  readonly scenario: string;
  readonly title: string;
  /** ISO 8601, UTC. */
  readonly finished: string;
  readonly ours: string;
  readonly machine: Machine;
  readonly settings: Settings;
  /** Versions by name of the balancer. */
  readonly versions: Readonly<Record<string, string>>;
  /** Balancers that did not take part, and why. */
  readonly skipped: Readonly<Record<string, string>>;
  readonly comparisons: readonly Comparison[];
  readonly rounds: Readonly<Record<string, readonly Round[]>>;
}

const DIRECTORY = fileURLToPath(new URL('results/', import.meta.url));

/** Writes `<date>-<scenario>.json` and gives its path; an earlier run of the same day is replaced. */
export function saveResult(result: Result): string {
  mkdirSync(DIRECTORY, { recursive: true });
  const file = join(DIRECTORY, `${result.finished.slice(0, 10)}-${result.scenario}.json`);
  writeFileSync(file, `${JSON.stringify(result, round, 2)}\n`);
  return file;
}

/** The newest result of each scenario. */
export function newestResults(): Map<string, Result> {
  // Names begin with the date, so the last one of a scenario is the newest.
  const files = readdirSync(DIRECTORY)
    .filter((name) => name.endsWith('.json'))
    .sort();
  const results = files.map((name) => JSON.parse(readFileSync(join(DIRECTORY, name), 'utf8')) as Result);
  return new Map(results.map((result) => [result.scenario, result]));
}

/** Six digits that count are more than was measured. */
function round(_key: string, value: unknown): unknown {
  return typeof value === 'number' && !Number.isInteger(value) ? Number(value.toPrecision(6)) : value;
}
