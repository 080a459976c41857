import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describeMachine, type Machine } from '../machine.ts';

/** What every result says of its run. */
export interface Run {
  readonly scenario: string;
  readonly title: string;
  /** ISO 8601, UTC. */
  readonly finished: string;
  readonly machine: Machine;
  readonly version: string;
  readonly seconds: number;
}

/** A result without what is the same for all. */
export type Found<Result extends Run> = Omit<Result, 'finished' | 'machine' | 'version'>;

/** Lines of the page between which a chapter is. */
export interface Marks {
  readonly begin: string;
  readonly end: string;
}

const DIRECTORY = fileURLToPath(new URL('../results/', import.meta.url));
const DOCUMENT = fileURLToPath(new URL('../../docs/benchmarks.md', import.meta.url));

/**
 * Writes `<date>-<scenario>.json` and the chapter in docs/benchmarks.md; an earlier run of the same day is replaced. Gives
 * the path.
 */
export function saveFlowResult<Result extends Run>(
  found: Found<Result>,
  marks: Marks,
  chapterOf: (result: Result) => string,
): string {
  const version = execFileSync('git', ['-C', DIRECTORY, 'rev-parse', '--short', 'HEAD'], { encoding: 'utf8' }).trim();
  const result = {
    ...found,
    finished: new Date().toISOString(),
    machine: describeMachine(),
    version: `Evenkeel 0.1.0 (${version})`,
  } as unknown as Result;
  const file = `${DIRECTORY}${result.finished.slice(0, 10)}-${result.scenario}.json`;
  writeFileSync(file, `${JSON.stringify(result, round, 2)}\n`);
  writeFileSync(DOCUMENT, replaceChapter(readFileSync(DOCUMENT, 'utf8'), marks, chapterOf(result)));
  return file;
}

/** Throws when the page does not have both marks, in order. */
export function replaceChapter(page: string, { begin, end }: Marks, chapter: string): string {
  const [from, to] = [page.indexOf(begin), page.indexOf(end)];
  if (from < 0 || to < from) throw new Error(`the page needs the lines ${begin} and ${end}`);
  return `${page.slice(0, from + begin.length)}\n\n${chapter}\n\n${page.slice(to)}`;
}

/** Where and when, and the file with all samples. */
export function factsOf({ scenario, finished, machine, version, seconds }: Run): string {
  const date = finished.slice(0, 10);
  const place = `${machine.cpu}, ${machine.cores} cores${machine.virtual ? ' of a virtual machine' : ''}`;
  return `${place}; ${machine.system}; ${machine.kernel}; ${version}; ${seconds} s; [${date}](../bench/results/${date}-${scenario}.json).`;
}

/** Six digits that count are more than was measured. */
function round(_key: string, value: unknown): unknown {
  return typeof value === 'number' && !Number.isInteger(value) ? Number(value.toPrecision(6)) : value;
}
