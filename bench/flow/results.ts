import { median } from '../statistics.ts';
import { asMarkdown } from '../table.ts';
import { type ComparedLoad, floodLine, ratioText } from './comparison.ts';
import type { Flood } from './flood.ts';
import { type Found, factsOf, type Marks, type Run, saveFlowResult } from './saved-result.ts';

/** What one run of the comparison found, single samples included. */
export interface FlowResult extends Run {
  /** Share of the CPU that others were seen to take, and what beside a deliberate hog. */
  readonly quiet: number;
  readonly gate: number;
  readonly redone: number;
  readonly disturbed: number;
  readonly loads: readonly ComparedLoad[];
  readonly floods: readonly Flood[];
}

const MARKS: Marks = {
  begin: '<!-- flow: written by `npm run bench:flow -- --compare --save`, do not edit -->',
  end: '<!-- end of flow -->',
};

/** Writes `<date>-flow-compare.json` and the page; an earlier run of the same day is replaced. Gives the path. */
export function saveComparison(found: Found<FlowResult>): string {
  return saveFlowResult(found, MARKS, chapterOf);
}

export function chapterOf(result: FlowResult): string {
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
  return [`### ${result.scenario}`, `${result.title}.`, ...tables, floods, gate, factsOf(result)].join('\n\n');
}
