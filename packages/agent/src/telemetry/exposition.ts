import { setImmediate } from 'node:timers/promises';
import { type Metric as ClientMetric, Registry } from 'prom-client';
import { engineMetrics } from './engine-metrics.ts';
import { healthMetrics } from './health-metrics.ts';
import type { Metric, Sample } from './metric.ts';
import { nodeMetrics } from './node-metrics.ts';
import type { Snapshot } from './snapshot.ts';
import { standingMetrics } from './standing-metrics.ts';

export const CONTENT_TYPE = Registry.PROMETHEUS_CONTENT_TYPE;

/** Every metric of the agent. */
export const METRICS: readonly Metric<Snapshot>[] = [
  ...nodeMetrics,
  ...engineMetrics,
  ...healthMetrics,
  ...standingMetrics,
];

/** Lines that are made in one go; some 10 ms of work. */
const SLICE = 1000;

/**
 * The metrics in the Prometheus text format, in slices. A node with 10,000 targets has megabytes of them, so the main
 * thread goes back to its loop after each.
 */
export async function* exposition(snapshot: Snapshot): AsyncGenerator<string> {
  for (const metric of METRICS) {
    let heading = 0;
    for (const samples of slices(metric.sample(snapshot))) {
      const lines = await format(metric, samples);
      yield lines.slice(heading);
      // The next slice begins with the same two lines of HELP and TYPE.
      heading = lines.indexOf('\n', lines.indexOf('\n') + 1) + 1;
      await setImmediate();
    }
  }
}

/** At least one slice, so that a metric without lines still has its heading. */
function* slices(samples: Iterable<Sample>): Generator<Sample[]> {
  let slice: Sample[] = [];
  let count = 0;
  for (const sample of samples) {
    slice.push(sample);
    if (slice.length < SLICE) continue;
    yield slice;
    count++;
    slice = [];
  }
  if (slice.length > 0 || count === 0) yield slice;
}

/** prom-client's own kinds of metric can only be counted up, not set from totals; of ours it uses `get` alone. */
async function format({ name, help, type }: Metric<Snapshot>, values: Sample[]): Promise<string> {
  const registry = new Registry();
  const metric = { name, get: async () => ({ name, help, type, values }) };
  registry.registerMetric(metric as unknown as ClientMetric<string>);
  return `${await registry.getSingleMetricAsString(name)}\n`;
}
