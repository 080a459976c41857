import type { Metric, Sample } from './metric.ts';

/** The text format of Prometheus, version 0.0.4. */
export const CONTENT_TYPE = 'text/plain; version=0.0.4; charset=utf-8';

/** The two lines in front of a metric's samples. */
export function heading({ name, help, type }: Pick<Metric<never>, 'name' | 'help' | 'type'>): string {
  return `# HELP ${name} ${escaped(help)}\n# TYPE ${name} ${type}\n`;
}

/** A line of the metric `name`. */
export function line(name: string, { metricName = name, labels, value }: Sample): string {
  let inBraces = '';
  for (const label in labels) {
    const text = String(labels[label]);
    inBraces += `${inBraces === '' ? '' : ','}${label}="${escaped(text).replaceAll('"', '\\"')}"`;
  }
  return `${metricName}${inBraces === '' ? '' : `{${inBraces}}`} ${numberText(value)}\n`;
}

function escaped(text: string): string {
  return text.replaceAll('\\', '\\\\').replaceAll('\n', '\\n');
}

/** As Go reads numbers, which Prometheus is written in. */
function numberText(value: number): string {
  if (value === Number.POSITIVE_INFINITY) return '+Inf';
  return value === Number.NEGATIVE_INFINITY ? '-Inf' : String(value);
}
