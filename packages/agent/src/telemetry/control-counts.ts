import { DurationCounts } from './metric.ts';

const APPLY_BOUNDS = [0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 5];

/** What the agent's own control work counts. */
export class ControlCounts {
  readonly applyDuration = new DurationCounts(APPLY_BOUNDS);
  applyFailures = 0;
  resyncs = 0;
  /** Traffic workers that died and were replaced. */
  workerDeaths = 0;
  /** Those among them that were ended because their loop did not turn. */
  workerHangs = 0;
  /** Certificates that turned out to be no good when a client first asked for their name. */
  certificateFailures = 0;
  /** Messages from the control plane by type; `invalid` and `unknown` among them. */
  readonly messages = new Map<string, number>();

  /** @param milliseconds how long the engine took */
  applied(milliseconds: number, succeeded: boolean): void {
    this.applyDuration.observe(milliseconds / 1000);
    if (!succeeded) this.applyFailures++;
  }

  message(type: string): void {
    this.messages.set(type, (this.messages.get(type) ?? 0) + 1);
  }
}
