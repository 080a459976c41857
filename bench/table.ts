import { format, METRICS } from './metrics.ts';
import type { Spread } from './statistics.ts';
import type { Comparison, Target } from './verdict.ts';

/** The comparisons of a scenario as rows of text: a head, then one row a metric. */
export function tableOf(comparisons: readonly Comparison[], ours: string, peers: readonly string[]): string[][] {
  const head = ['', ...peers, ours, 'ratio (rounds)', 'target', ''];
  return [head, ...comparisons.map((comparison) => rowOf(comparison, peers))];
}

function rowOf(comparison: Comparison, peers: readonly string[]): string[] {
  const { label, unit } = METRICS[comparison.metric];
  return [
    unit === '' ? label : `${label} (${unit})`,
    ...peers.map((peer) => range(comparison.peers[peer])),
    range(comparison.ours),
    ratioOf(comparison),
    comparison.target === null ? '' : describe(comparison.target),
    comparison.reached === null ? '' : comparison.reached ? 'pass' : 'MISS',
  ];
}

function range(values: Spread | null | undefined): string {
  return values === undefined || values === null
    ? '–'
    : `${format(values.middle)} (${format(values.low)}–${format(values.high)})`;
}

function ratioOf(comparison: Comparison): string {
  if (comparison.ratio === null) return '';
  const { ratio, ratios, against } = comparison;
  const spread = ratios === null ? '' : ` (${ratios.low.toFixed(2)}–${ratios.high.toFixed(2)})`;
  return `${ratio.toFixed(2)}${spread} × ${against}`;
}

/** `≤ 0.75 × the better`, `≥ 0.9 × nginx`, `≤ 16 KiB`. */
export function describe(target: Target): string {
  const { better, unit } = METRICS[target.metric];
  const sign = better === 'lower' ? '≤' : '≥';
  if (target.kind === 'absolute') return `${sign} ${target.limit}${unit === '' ? '' : ` ${unit}`}`;
  return `${sign} ${target.limit} × ${target.against === 'better' ? 'the better' : target.against}`;
}

/** Columns under one another, for a terminal. */
export function asText(rows: readonly (readonly string[])[]): string {
  const widths = rows[0].map((_, column) => Math.max(...rows.map((row) => row[column].length)));
  return rows
    .map((row) =>
      row
        .map((cell, column) => cell.padEnd(widths[column]))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}

export function asMarkdown(rows: readonly (readonly string[])[]): string {
  const [head, ...body] = rows.map((row) => `| ${row.join(' | ')} |`);
  return [head, `|${rows[0].map(() => ' --- ').join('|')}|`, ...body].join('\n');
}
