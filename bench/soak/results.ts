import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { asMarkdown } from '../table.ts';
import { SOAKS } from './scenarios.ts';
import type { SoakResult } from './soak.ts';
import { tableOf } from './table.ts';

const DIRECTORY = fileURLToPath(new URL('../results/', import.meta.url));
const DOCUMENT = fileURLToPath(new URL('../../docs/benchmarks.md', import.meta.url));
const BEGIN = '<!-- soak: written by `npm run soak`, do not edit -->';
const END = '<!-- end of soak -->';

/** Writes `<date>-soak-<scenario>.json` and gives its path; an earlier run of the same day is replaced. */
export function saveSoak(result: SoakResult): string {
  mkdirSync(DIRECTORY, { recursive: true });
  const file = join(DIRECTORY, `${result.finished.slice(0, 10)}-${result.scenario}.json`);
  writeFileSync(file, `${JSON.stringify(result, null, 2)}\n`);
  return file;
}

/** Writes the newest result of each scenario into docs/benchmarks.md; the rest of the page is left alone. */
export function updateSoakDocument(): string {
  const files = readdirSync(DIRECTORY).filter((name) => name.includes('-soak-'));
  const results = new Map(
    // Names begin with the date, so the last one of a scenario is the newest.
    files.sort().map((name) => {
      const result = JSON.parse(readFileSync(join(DIRECTORY, name), 'utf8')) as SoakResult;
      return [result.scenario, result];
    }),
  );
  const chapters = SOAKS.map(({ name }) => results.get(`soak-${name}`)).filter((result) => result !== undefined);
  const page = readFileSync(DOCUMENT, 'utf8');
  const [begin, end] = [page.indexOf(BEGIN), page.indexOf(END)];
  if (begin < 0 || end < begin) throw new Error(`${DOCUMENT} needs the lines ${BEGIN} and ${END}`);
  const text = chapters.map(chapterOf).join('\n\n');
  writeFileSync(DOCUMENT, `${page.slice(0, begin + BEGIN.length)}\n\n${text}\n\n${page.slice(end)}`);
  return DOCUMENT;
}

function chapterOf({ scenario, title, finished, machine, version, findings }: SoakResult): string {
  const date = finished.slice(0, 10);
  const place = `${machine.cpu}, ${machine.cores} cores${machine.virtual ? ' of a virtual machine' : ''}`;
  const facts = `${place}; ${machine.system}; ${machine.kernel}; ${version}; [${date}](../bench/results/${date}-${scenario}.json).`;
  return [`### ${scenario}`, `${title}.`, asMarkdown(tableOf(findings)), facts].join('\n\n');
}
