import type { ProbeTarget } from './prober.ts';
import type { HealthState, Thresholds } from './state.ts';

/** Where a judgement begins: with a state, or with the one that another has by then. */
export type Beginning = HealthState | { readonly kind: 'as'; readonly id: number };

/** What probing has to do at a moment. */
export interface ProbeLoad {
  /** Different probes: what asks the same of the same endpoint shares one. */
  readonly endpoints: number;
  readonly inFlight: number;
  /** Probes that are due and wait for a slot. */
  readonly waiting: number;
  /** Milliseconds by which the latest probe is late for want of a slot. */
  readonly lag: number;
}

/**
 * Whoever probes targets and judges them, here or on another thread. Each judgement has a number, which is never used
 * again; what is asked is carried out in order, and soon.
 */
export interface Watch {
  /** Told of each judgement that has changed in kind or reason, those that were just ended included. */
  onChange: (id: number, state: HealthState) => void;
  readonly load: ProbeLoad;
  /** Probes the target at once, and then at its interval. */
  begin(id: number, target: ProbeTarget, limits: Thresholds, beginning: Beginning): void;
  adjust(id: number, limits: Thresholds): void;
  end(id: number): void;
  /** Ends all probing. */
  stop(): void;
}
