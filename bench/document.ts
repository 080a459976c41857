import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { newestResults, type Result } from './results.ts';
import { SCENARIOS } from './scenarios.ts';
import { asMarkdown, tableOf } from './table.ts';

const DOCUMENT = fileURLToPath(new URL('../docs/benchmarks.md', import.meta.url));
const BEGIN = '<!-- results: written by `npm run bench`, do not edit -->';
const END = '<!-- end of results -->';

/** Writes the newest result of each scenario into docs/benchmarks.md; the rest of the page is left alone. */
export function updateDocument(): string {
  const results = newestResults();
  const chapters = SCENARIOS.map((scenario) => results.get(scenario.name)).filter((result) => result !== undefined);
  writeFileSync(DOCUMENT, replaceResults(readFileSync(DOCUMENT, 'utf8'), chapters.map(chapterOf).join('\n\n')));
  return DOCUMENT;
}

/** Throws when the page does not have both marks, in order. */
export function replaceResults(page: string, results: string): string {
  const begin = page.indexOf(BEGIN);
  const end = page.indexOf(END);
  if (begin < 0 || end < begin) throw new Error(`the page needs the lines ${BEGIN} and ${END}`);
  return `${page.slice(0, begin + BEGIN.length)}\n\n${results}\n\n${page.slice(end)}`;
}

export function chapterOf(result: Result): string {
  const { machine, settings } = result;
  const date = result.finished.slice(0, 10);
  const peers = Object.keys(result.rounds).filter((name) => name !== result.ours);
  const place = settings.pinned ? 'balancer on one core, load and origins on the other' : 'no program pinned to a core';
  const facts = [
    `${machine.cpu}, ${machine.cores} cores${machine.virtual ? ' of a virtual machine' : ''}, ${machine.memoryGiB} GiB`,
    machine.system,
    machine.kernel,
    ...Object.values(result.versions),
    `${settings.rounds} rounds of ${settings.seconds} s at most`,
    place,
  ];
  const skipped = Object.entries(result.skipped).map(([name, reason]) => `\n\nNot measured: ${name} (${reason}).`);
  return [
    `### ${result.scenario}`,
    result.title,
    asMarkdown(tableOf(result.comparisons, result.ours, peers)),
    `${facts.join('; ')}; [${date}](../bench/results/${date}-${result.scenario}.json).${skipped.join('')}`,
  ].join('\n\n');
}
