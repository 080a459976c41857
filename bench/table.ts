import { format, METRICS } from './metrics.ts';
import { type Comparison, type Found, nothingShown, type Target } from './verdict.ts';

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

/** `median (lowest–highest)`, or where all rounds count together, `that; rounds median [quartiles]`. */
function range(values: Found | undefined | null): string {
  if (values === undefined || values === null) return '–';
  const { low, middle, high, lower, upper, pooled } = values;
  if (pooled === undefined || lower === undefined || upper === undefined)
    return `${format(middle)} (${format(low)}–${format(high)})`;
  return `${format(pooled)}; rounds ${format(middle)} [${format(lower)}–${format(upper)}]`;
}

function ratioOf({ ratio, ratios, against, ours }: Comparison): string {
  if (ratio === null) return '';
  const shown = nothingShown(ratio, ratios) ? ', nothing shown' : '';
  return `${ratio.toFixed(2)}${spreadOf(ratios, ours?.pooled !== undefined)} × ${against}${shown}`;
}

function spreadOf(ratios: Found | null, quartiles: boolean): string {
  if (ratios === null) return '';
  const { low, high, lower, upper } = ratios;
  return quartiles && lower !== undefined && upper !== undefined
    ? ` [${lower.toFixed(2)}–${upper.toFixed(2)}]`
    : ` (${low.toFixed(2)}–${high.toFixed(2)})`;
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
