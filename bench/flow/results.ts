import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describeMachine, type Machine } from '../machine.ts';
import { median } from '../statistics.ts';
import { asMarkdown } from '../table.ts';
import { type ComparedLoad, floodLine, ratioText } from './comparison.ts';
import type { Flood } from './flood.ts';

/** What one run of the comparison found, single samples included. */
export interface FlowResult {
  readonly scenario: string;
  readonly title: string;
  /** ISO 8601, UTC. */
  readonly finished: string;
  readonly machine: Machine;
  readonly version: string;
  readonly seconds: number;
  /** Share of the CPU that others were seen to take, and what beside a deliberate hog. */
  readonly quiet: number;
  readonly gate: number;
  readonly redone: number;
  readonly disturbed: number;
  readonly loads: readonly ComparedLoad[];
  readonly floods: readonly Flood[];
}

const DIRECTORY = fileURLToPath(new URL('../results/', import.meta.url));
const DOCUMENT = fileURLToPath(new URL('../../docs/benchmarks.md', import.meta.url));
const BEGIN = '<!-- flow: written by `npm run bench:flow -- --compare --save`, do not edit -->';
const END = '<!-- end of flow -->';

/** Writes `<date>-flow-compare.json` and the page; an earlier run of the same day is replaced. Gives the path. */
export function saveComparison(found: Omit<FlowResult, 'finished' | 'machine' | 'version'>): string {
  const version = execFileSync('git', ['-C', DIRECTORY, 'rev-parse', '--short', 'HEAD'], { encoding: 'utf8' }).trim();
  const result: FlowResult = {
    ...found,
    finished: new Date().toISOString(),
    machine: describeMachine(),
    version: `Evenkeel 0.1.0 (${version})`,
  };
  const file = `${DIRECTORY}${result.finished.slice(0, 10)}-${result.scenario}.json`;
  writeFileSync(file, `${JSON.stringify(result, round, 2)}\n`);
  const page = readFileSync(DOCUMENT, 'utf8');
  const [begin, end] = [page.indexOf(BEGIN), page.indexOf(END)];
  if (begin < 0 || end < begin) throw new Error(`${DOCUMENT} needs the lines ${BEGIN} and ${END}`);
  writeFileSync(DOCUMENT, `${page.slice(0, begin + BEGIN.length)}\n\n${chapterOf(result)}\n\n${page.slice(end)}`);
  return file;
}

export function chapterOf({ scenario, title, finished, machine, version, ...result }: FlowResult): string {
  const date = finished.slice(0, 10);
  const tables = result.loads.map(({ load, unit, rounds, samples, ratios }) => {
    const others = [...new Set(ratios.map(({ to }) => to))];
    const rows = Object.entries(samples).map(([name, costs]) => [
      name,
      median(costs).toFixed(1),
      ...others.map((to) => {
        const found = ratios.find((ratio) => ratio.variant === name && ratio.to === to);
        return found === undefined ? '' : ratioText(found);
      }),
    ]);
    const table = asMarkdown([['', unit, ...others.map((to) => `× ${to}`)], ...rows]);
    return `**${load}**, ${rounds} rounds:\n\n${table}`;
  });
  const floods = result.floods.map((flood) => `- ${floodLine(flood)}`).join('\n');
  const [quiet, hog] = [result.quiet, result.gate].map((share) => (100 * share).toFixed(0));
  const gate = `The gate saw others take ${quiet} % of the CPU at best, and ${hog} % beside a deliberate hog; ${result.redone} samples were redone, ${result.disturbed} kept though disturbed.`;
  const place = `${machine.cpu}, ${machine.cores} cores${machine.virtual ? ' of a virtual machine' : ''}`;
  const facts = `${place}; ${machine.system}; ${machine.kernel}; ${version}; ${result.seconds} s; [${date}](../bench/results/${date}-${scenario}.json).`;
  return [`### ${scenario}`, `${title}.`, ...tables, floods, gate, facts].join('\n\n');
}

/** Six digits that count are more than was measured. */
function round(_key: string, value: unknown): unknown {
  return typeof value === 'number' && !Number.isInteger(value) ? Number(value.toPrecision(6)) : value;
}
