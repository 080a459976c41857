import { setImmediate } from 'node:timers/promises';
import { type Metric as ClientMetric, Registry } from 'prom-client';
import { engineMetrics } from './engine-metrics.ts';
import { healthMetrics } from './health-metrics.ts';
import type { Metric, Sample } from './metric.ts';
import { nodeMetrics } from './node-metrics.ts';
import type { Snapshot } from './snapshot.ts';

export const CONTENT_TYPE = Registry.PROMETHEUS_CONTENT_TYPE;

/** Every metric of the agent. */
export const METRICS: readonly Metric<Snapshot>[] = [...nodeMetrics, ...engineMetrics, ...healthMetrics];

/**
 * The metrics in the Prometheus text format, one metric at a time. A node with 10,000 targets has megabytes of them, so
 * the main thread goes back to its loop after each.
 */
export async function* exposition(snapshot: Snapshot): AsyncGenerator<string> {
  const registry = new Registry();
  for (const metric of METRICS) {
    registry.registerMetric(new Collected(metric, snapshot).forRegistry());
    yield `${await registry.getSingleMetricAsString(metric.name)}\n`;
    registry.clear();
    await setImmediate();
  }
}

/** Shows one of our metrics to prom-client, whose own kinds can only be counted up, not set from totals. */
class Collected {
  readonly name: string;
  readonly #metric: Metric<Snapshot>;
  readonly #snapshot: Snapshot;

  constructor(metric: Metric<Snapshot>, snapshot: Snapshot) {
    this.name = metric.name;
    this.#metric = metric;
    this.#snapshot = snapshot;
  }

  /** All that a registry calls of a metric is `get`. */
  async get(): Promise<{ name: string; help: string; type: string; values: Sample[] }> {
    const { name, help, type } = this.#metric;
    return { name, help, type, values: [...this.#metric.sample(this.#snapshot)] };
  }

  forRegistry(): ClientMetric<string> {
    return this as unknown as ClientMetric<string>;
  }
}
