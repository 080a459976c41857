import { setImmediate } from 'node:timers/promises';
import { engineMetrics } from './engine-metrics.ts';
import { healthMetrics } from './health-metrics.ts';
import { kernelMetrics } from './kernel-metrics.ts';
import type { Metric } from './metric.ts';
import { nodeMetrics } from './node-metrics.ts';
import { sharingMetrics } from './sharing-metrics.ts';
import type { Snapshot } from './snapshot.ts';
import { standingMetrics } from './standing-metrics.ts';
import { heading, line } from './text-format.ts';

/** Every metric of the agent. */
export const METRICS: readonly Metric<Snapshot>[] = [
  ...nodeMetrics,
  ...engineMetrics,
  ...kernelMetrics,
  ...sharingMetrics,
  ...healthMetrics,
  ...standingMetrics,
];

/** Lines that are made in one go; a millisecond or two of work. */
const SLICE = 1000;

/**
 * The metrics in the Prometheus text format, in slices. A node with 10,000 targets has megabytes of them, so the main
 * thread goes back to its loop after each.
 */
export async function* exposition(snapshot: Snapshot): AsyncGenerator<string> {
  let text = '';
  let lines = 0;
  for (const metric of METRICS) {
    text += heading(metric);
    for (const sample of metric.sample(snapshot)) {
      text += line(metric.name, sample);
      lines++;
      if (lines % SLICE > 0) continue;
      yield text;
      text = '';
      await setImmediate();
    }
  }
  yield text;
}
