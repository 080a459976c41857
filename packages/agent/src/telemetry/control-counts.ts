import type { ProbeOutcome } from '../health/outcome.ts';
import { DurationCounts } from './metric.ts';

const APPLY_BOUNDS = [0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 5];
const PROBE_BOUNDS = [0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10];

/** What the agent's own control work counts. */
export class ControlCounts {
  readonly applyDuration = new DurationCounts(APPLY_BOUNDS);
  applyFailures = 0;
  resyncs = 0;
  /** Traffic workers that died and were replaced. */
  workerDeaths = 0;
  /** Messages from the control plane by type; `invalid` and `unknown` among them. */
  readonly messages = new Map<string, number>();
  /** Probes by protocol, then by result: `success`, `inconclusive`, or why it failed. */
  readonly probes = new Map<string, Map<string, number>>();
  readonly probeDuration = new Map<string, DurationCounts>();

  /** @param milliseconds how long the engine took */
  applied(milliseconds: number, succeeded: boolean): void {
    this.applyDuration.observe(milliseconds / 1000);
    if (!succeeded) this.applyFailures++;
  }

  message(type: string): void {
    this.messages.set(type, (this.messages.get(type) ?? 0) + 1);
  }

  /** @param milliseconds how long the probe took */
  probed(protocol: string, outcome: ProbeOutcome, milliseconds: number): void {
    const results = this.probes.get(protocol) ?? new Map<string, number>();
    this.probes.set(protocol, results);
    const result = outcome.kind === 'failure' ? outcome.reason : outcome.kind;
    results.set(result, (results.get(result) ?? 0) + 1);
    const durations = this.probeDuration.get(protocol) ?? new DurationCounts(PROBE_BOUNDS);
    this.probeDuration.set(protocol, durations);
    durations.observe(milliseconds / 1000);
  }
}
