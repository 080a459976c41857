import type { HistogramCounts } from '@evenkeel/proxy/telemetry/counters.ts';

/** One line of a metric. */
export interface Sample {
  readonly labels: Readonly<Record<string, string | number>>;
  readonly value: number;
  /** Of a line whose name is not that of the metric, as the parts of a histogram. */
  readonly metricName?: string;
}

/** A metric as a function of what is known at the moment of the scrape. */
export interface Metric<Snapshot> {
  /** With the unit and, for counters, `_total` at its end, as Prometheus has it. */
  readonly name: string;
  readonly type: 'counter' | 'gauge' | 'histogram';
  readonly help: string;
  sample(snapshot: Snapshot): Iterable<Sample>;
}

/** The lines of one histogram: cumulative buckets, sum and count. */
export function* histogramSamples(
  name: string,
  labels: Readonly<Record<string, string | number>>,
  counts: HistogramCounts,
): Generator<Sample> {
  let cumulative = 0;
  for (let index = 0; index < counts.bounds.length; index++) {
    cumulative += counts.counts[index] ?? 0;
    yield {
      metricName: `${name}_bucket`,
      labels: { ...labels, le: counts.bounds[index] as number },
      value: cumulative,
    };
  }
  cumulative += counts.counts[counts.bounds.length] ?? 0;
  yield { metricName: `${name}_bucket`, labels: { ...labels, le: '+Inf' }, value: cumulative };
  yield { metricName: `${name}_sum`, labels, value: counts.sum };
  yield { metricName: `${name}_count`, labels, value: cumulative };
}

/** Counts durations in fixed buckets. */
export class DurationCounts implements HistogramCounts {
  readonly bounds: readonly number[];
  readonly counts: number[];
  sum = 0;

  /** @param bounds upper bounds in seconds, ascending */
  constructor(bounds: readonly number[]) {
    this.bounds = bounds;
    this.counts = new Array(bounds.length + 1).fill(0);
  }

  /** Counts one duration, in seconds. */
  observe(seconds: number): void {
    const found = this.bounds.findIndex((bound) => seconds <= bound);
    const bucket = found < 0 ? this.bounds.length : found;
    this.counts[bucket] = (this.counts[bucket] as number) + 1;
    this.sum += seconds;
  }
}
